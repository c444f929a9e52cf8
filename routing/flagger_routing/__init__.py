"""The routing part: owns TrafficRoute and answers with the split in force."""

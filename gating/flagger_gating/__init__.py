"""The gating part: owns Gate and answers open or closed."""

"""The metrics part: owns MetricAnalysis and answers with a verdict."""

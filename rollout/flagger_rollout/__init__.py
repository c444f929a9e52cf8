"""The rollout part: owns Canary and decides its phase."""

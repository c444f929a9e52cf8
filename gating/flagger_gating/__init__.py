"""The gating part: owns Gate and answers open or closed.

`part(settings)` of the controller gives the whole part; `webhook`, `window` and `manual` are pure
and may be used alone.
"""

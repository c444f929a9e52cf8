"""What the application's own metrics count for the canary's pods."""

from .built_in import BuiltIn

HTTP = BuiltIn(
    success_rate=r"""
sum( rate( http_request_duration_seconds_count{ kubernetes_namespace="{{ namespace }}",
  kubernetes_pod_name=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)", status!~"5.*" }[{{ interval }}]
  ) )
/ sum( rate( http_request_duration_seconds_count{ kubernetes_namespace="{{ namespace }}",
  kubernetes_pod_name=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)" }[{{ interval }}] ) ) * 100""",
    duration=r"""
histogram_quantile( 0.99,
sum( rate( http_request_duration_seconds_bucket{ kubernetes_namespace="{{ namespace }}",
  kubernetes_pod_name=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)" }[{{ interval }}] ) )
  by (le) )""",
    seconds=True,
    bare_errors=True,
)

"""What an edge proxy counts for the canary."""

from .built_in import BuiltIn

APISIX = BuiltIn(
    success_rate=r"""
sum( rate( apisix_http_status{ route=~"{{ namespace }}_{{ route }}-{{ target }}-canary_.+",
  code!~"5.." }[{{ interval }}] ) )
/ sum( rate( apisix_http_status{ route=~"{{ namespace }}_{{ route }}-{{ target }}-canary_.+"
  }[{{ interval }}] ) ) * 100""",
    duration=r"""
histogram_quantile( 0.99,
sum( rate( apisix_http_latency_bucket{ type=~"request",
  route=~"{{ namespace }}_{{ route }}-{{ target }}-canary_.+" }[{{ interval }}] ) ) by (le) )""",
)

CONTOUR = BuiltIn(
    success_rate=r"""
sum( rate( envoy_cluster_upstream_rq{
  envoy_cluster_name=~"{{ namespace }}_{{ service }}-canary_[0-9a-zA-Z-]+",
  envoy_response_code!~"5.*" }[{{ interval }}] ) )
/ sum( rate( envoy_cluster_upstream_rq{
  envoy_cluster_name=~"{{ namespace }}_{{ service }}-canary_[0-9a-zA-Z-]+", }[{{ interval }}] ) )
  * 100""",
    duration=r"""
histogram_quantile( 0.99,
sum( rate( envoy_cluster_upstream_rq_time_bucket{
  envoy_cluster_name=~"{{ namespace }}_{{ service }}-canary_[0-9a-zA-Z-]+", }[{{ interval }}] ) )
  by (le) )""",
)

GLOO = BuiltIn(
    success_rate=r"""
sum( rate( envoy_cluster_upstream_rq{
  envoy_cluster_name=~"{{ namespace }}-{{ target }}-canaryupstream-[0-9a-zA-Z-]+_[0-9a-zA-Z-]+",
  envoy_response_code!~"5.*" }[{{ interval }}] ) )
/ sum( rate( envoy_cluster_upstream_rq{
  envoy_cluster_name=~"{{ namespace }}-{{ target }}-canaryupstream-[0-9a-zA-Z-]+_[0-9a-zA-Z-]+",
  }[{{ interval }}] ) ) * 100""",
    duration=r"""
histogram_quantile( 0.99,
sum( rate( envoy_cluster_upstream_rq_time_bucket{
  envoy_cluster_name=~"{{ namespace }}-{{ target }}-canaryupstream-[0-9a-zA-Z-]+_[0-9a-zA-Z-]+",
  }[{{ interval }}] ) ) by (le) )""",
)

NGINX = BuiltIn(
    success_rate=r"""
sum( rate( nginx_ingress_controller_requests{ namespace="{{ namespace }}",
  ingress="{{ ingress }}", canary!="", status!~"5.*" }[{{ interval }}] ) )
/ sum( rate( nginx_ingress_controller_requests{ namespace="{{ namespace }}",
  ingress="{{ ingress }}", canary!="" }[{{ interval }}] ) ) * 100""",
    duration=r"""
sum( rate( nginx_ingress_controller_response_duration_seconds_sum{ namespace="{{ namespace }}",
  ingress="{{ ingress }}", canary!="" }[{{ interval }}] ) )
/ sum( rate( nginx_ingress_controller_response_duration_seconds_count{
  namespace="{{ namespace }}", ingress="{{ ingress }}", canary!="" }[{{ interval }}] ) ) * 1000""",
)

SKIPPER = BuiltIn(
    success_rate=r"""
{{- $route := printf "kube(ew)?_%s__%s_canary__.*__%s_canary(_[0-9]+)?" namespace ingress service }}
sum(rate(skipper_response_duration_seconds_bucket{route=~"{{ $route }}",code!~"5..",le="+Inf"}[{{ interval }}]))
/
sum(rate(skipper_response_duration_seconds_bucket{route=~"{{ $route }}",le="+Inf"}[{{ interval }}]))
  * 100""",  # noqa: E501 - nowhere to break
    duration=r"""
{{- $route := printf "kube(ew)?_%s__%s_canary__.*__%s_canary(_[0-9]+)?" namespace ingress service }}
sum(rate(skipper_serve_route_duration_seconds_sum{route=~"{{ $route }}"}[{{ interval }}]))
/ sum(rate(skipper_serve_route_duration_seconds_count{route=~"{{ $route }}"}[{{ interval }}])) *
  1000""",
    clean_names=True,
)

TRAEFIK = BuiltIn(
    success_rate=r"""
sum( rate( traefik_service_request_duration_seconds_bucket{
  service=~"{{ namespace }}-{{ service }}-canary-[0-9a-zA-Z-]+@kubernetescrd", code!~"5..",
  le="+Inf" }[{{ interval }}] ) )
/ sum( rate( traefik_service_request_duration_seconds_bucket{
  service=~"{{ namespace }}-{{ service }}-canary-[0-9a-zA-Z-]+@kubernetescrd", le="+Inf"
  }[{{ interval }}] ) ) * 100""",
    duration=r"""
histogram_quantile( 0.99,
sum( rate( traefik_service_request_duration_seconds_bucket{
  service=~"{{ namespace }}-{{ service }}-canary-[0-9a-zA-Z-]+@kubernetescrd" }[{{ interval }}] )
  ) by (le) ) * 1000""",
)

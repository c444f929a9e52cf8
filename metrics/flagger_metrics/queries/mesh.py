"""What the proxies of a service mesh count for the canary."""

from .built_in import BuiltIn

APPMESH = BuiltIn(
    success_rate=r"""
sum( rate( envoy_cluster_upstream_rq{ kubernetes_namespace="{{ namespace }}",
  kubernetes_pod_name=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)", envoy_response_code!~"5.*"
  }[{{ interval }}] ) )
/ sum( rate( envoy_cluster_upstream_rq{ kubernetes_namespace="{{ namespace }}",
  kubernetes_pod_name=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)" }[{{ interval }}] ) ) * 100""",
    duration=r"""
histogram_quantile( 0.99,
sum( rate( envoy_cluster_upstream_rq_time_bucket{ kubernetes_namespace="{{ namespace }}",
  kubernetes_pod_name=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)" }[{{ interval }}] ) )
  by (le) )""",
)

ISTIO = BuiltIn(
    success_rate=r"""
sum( rate( istio_requests_total{ reporter="destination",
  destination_workload_namespace="{{ namespace }}", destination_workload=~"{{ target }}",
  response_code!~"5.*" }[{{ interval }}] ) )
/ sum( rate( istio_requests_total{ reporter="destination",
  destination_workload_namespace="{{ namespace }}", destination_workload=~"{{ target }}"
  }[{{ interval }}] ) ) * 100""",
    duration=r"""
histogram_quantile( 0.99,
sum( rate( istio_request_duration_milliseconds_bucket{ reporter="destination",
  destination_workload_namespace="{{ namespace }}", destination_workload=~"{{ target }}"
  }[{{ interval }}] ) ) by (le) )""",
)

KNATIVE = BuiltIn(
    success_rate=r"""
sum( rate( envoy_cluster_upstream_rq{ envoy_cluster_name=~"{{ namespace }}/{{ route }}",
  envoy_response_code!~"5.*" }[{{ interval }}] ) )
/ sum( rate( envoy_cluster_upstream_rq{ envoy_cluster_name=~"{{ namespace }}/{{ route }}",
  }[{{ interval }}] ) ) * 100""",
    duration=r"""
histogram_quantile( 0.99,
sum( rate( envoy_cluster_upstream_rq_time_bucket{
  envoy_cluster_name=~"{{ namespace }}/{{ route }}", }[{{ interval }}] ) ) by (le) )""",
)

KUMA = BuiltIn(
    success_rate=r"""
sum( rate( envoy_cluster_upstream_rq{
  service=~"{{ target }}-canary_{{ namespace }}_svc_[0-9a-zA-Z-]+", envoy_response_code!~"5.*"
  }[{{ interval }}] ) )
/ sum( rate( envoy_cluster_upstream_rq{
  service=~"{{ target }}-canary_{{ namespace }}_svc_[0-9a-zA-Z-]+", }[{{ interval }}] ) ) * 100""",
    duration=r"""
histogram_quantile( 0.99,
sum( rate( envoy_cluster_upstream_rq_time_bucket{
  service=~"{{ target }}-canary_{{ namespace }}_svc_[0-9a-zA-Z-]+", }[{{ interval }}] ) ) by (le)
  )""",
)

LINKERD = BuiltIn(
    success_rate=r"""
sum( rate( response_total{ namespace="{{ namespace }}", deployment=~"{{ target }}",
  classification!="failure", direction="inbound" }[{{ interval }}] ) )
/ sum( rate( response_total{ namespace="{{ namespace }}", deployment=~"{{ target }}",
  direction="inbound" }[{{ interval }}] ) ) * 100""",
    duration=r"""
histogram_quantile( 0.99,
sum( rate( response_latency_ms_bucket{ namespace="{{ namespace }}", deployment=~"{{ target }}",
  direction="inbound" }[{{ interval }}] ) ) by (le) )""",
)

OSM = BuiltIn(
    success_rate=r"""
sum( rate( osm_request_total{ destination_namespace="{{ namespace }}",
  destination_kind="Deployment", destination_name="{{ target }}", response_code!~"5.*"
  }[{{ interval }}] ) )
/ sum( rate( osm_request_total{ destination_namespace="{{ namespace }}",
  destination_kind="Deployment", destination_name="{{ target }}" }[{{ interval }}] ) ) * 100""",
    duration=r"""
histogram_quantile( 0.99,
sum( rate( osm_request_duration_ms_bucket{ destination_namespace="{{ namespace }}",
  destination_kind="Deployment", destination_name="{{ target }}" }[{{ interval }}] ) ) by (le) )""",
)

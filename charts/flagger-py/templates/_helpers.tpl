{{/* The name of everything of this release: the chart's where the release is called after it. */}}
{{- define "flagger-py.name" -}}
{{- if contains "flagger" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-flagger-py" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "flagger-py.labels" -}}
app.kubernetes.io/part-of: flagger-py
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* The enabled controllers as a JSON list, always in the same order. */}}
{{- define "flagger-py.enabled" -}}
{{- $found := list -}}
{{- range $part := list "metrics" "routing" "gating" "rollout" -}}
{{- if (index $.Values.controllers $part).enabled -}}
{{- $found = append $found $part -}}
{{- end -}}
{{- end -}}
{{- if not $found -}}
{{- fail "controllers: none is enabled; enable at least one" -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{/* What selects the pods of this release and no others. */}}
{{- define "flagger-py.selector" -}}
app.kubernetes.io/part-of: flagger-py
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The image of every controller. A guess would end in pods that cannot start, so there is none. */}}
{{- define "flagger-py.image" -}}
{{- $image := .Values.image -}}
{{- if not $image.repository -}}
{{- fail "image.repository: no image is published; build one from the Dockerfile at the root of the repository, push it to a registry that your cluster pulls from, and name it, for example --set image.repository=registry.example.com/team/flagger-py" -}}
{{- end -}}
{{- printf "%s:%s" $image.repository ($image.tag | default .Chart.AppVersion) -}}
{{- end -}}

{{/*
The processes that run, as a JSON list of name, parts, replicas and resources.
Several replicas that do not elect would act at the same time on the same objects.
*/}}
{{- define "flagger-py.processes" -}}
{{- $name := include "flagger-py.name" . -}}
{{- $enabled := include "flagger-py.enabled" . | fromJsonArray -}}
{{- $found := list -}}
{{- if .Values.allInOne -}}
{{- $found = append $found (dict "name" $name "parts" $enabled "replicas" .Values.allInOneReplicas "resources" dict) -}}
{{- else -}}
{{- range $part := $enabled -}}
{{- $own := index $.Values.controllers $part -}}
{{- $found = append $found (dict "name" (printf "%s-%s" $name $part) "parts" (list $part) "replicas" $own.replicas "resources" $own.resources) -}}
{{- end -}}
{{- end -}}
{{- range $process := $found -}}
{{- if and (gt (int $process.replicas) 1) (not $.Values.leaderElection) -}}
{{- fail (printf "%s: %d replicas would act on the same objects at the same time; set leaderElection to true, or the replicas to 1" $process.name (int $process.replicas)) -}}
{{- end -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{/* The account under which the controller .part runs. */}}
{{- define "flagger-py.account" -}}
{{- $name := include "flagger-py.name" .root -}}
{{- if .root.Values.allInOne -}}{{ $name }}{{- else -}}{{ $name }}-{{ .part }}{{- end -}}
{{- end -}}

{{/* Rules from rbac/.file, with the names of accounts where these are limited. */}}
{{- define "flagger-py.rules" -}}
{{- $text := .root.Files.Get (printf "rbac/%s.yaml" .file) -}}
{{- $names := .root.Values.impersonation.serviceAccounts -}}
{{- range $rule := fromYamlArray $text -}}
{{- if and $names (has "impersonate" $rule.verbs) -}}
{{- $_ := set $rule "resourceNames" $names -}}
{{- end }}
- {{ $rule | toJson }}
{{- end -}}
{{- end -}}

{{/* Flags that every controller has. Tools patch the first three by their position. */}}
{{- define "flagger-py.args" -}}
- --events-addr={{ .Values.eventsAddr }}
- --watch-all-namespaces={{ .Values.watchAllNamespaces }}
- --log-level={{ .Values.logLevel }}
- --log-encoding={{ .Values.logEncoding }}
- --enable-leader-election={{ .Values.leaderElection }}
- --metrics-addr=:8080
- --health-addr=:9440
- --no-cross-namespace-refs={{ .Values.noCrossNamespaceRefs }}
- --insecure-allow-http={{ .Values.insecureAllowHTTP }}
{{- with .Values.watchLabelSelector }}
- {{ printf "--watch-label-selector=%s" . | quote }}
{{- end }}
{{- with .Values.defaultServiceAccount }}
- --default-service-account={{ . }}
{{- end }}
{{- end -}}

{{/* Flags that only the controller .part has. */}}
{{- define "flagger-py.partArgs" -}}
{{- $values := .root.Values -}}
{{- if eq .part "metrics" }}
{{- with $values.metricsServer }}
- --metrics-server={{ . }}
{{- end }}
{{- else if eq .part "routing" }}
{{- with $values.meshProvider }}
- --mesh-provider={{ . }}
{{- end }}
{{- else if eq .part "rollout" }}
{{- with $values.meshProvider }}
- --mesh-provider={{ . }}
{{- end }}
{{- with $values.selectorLabels }}
- --selector-labels={{ . }}
{{- end }}
{{- with $values.includeLabelPrefix }}
- {{ printf "--include-label-prefix=%s" . | quote }}
{{- end }}
- --enable-config-tracking={{ $values.configTracking }}
{{- with $values.eventWebhook }}
- {{ printf "--event-webhook=%s" . | quote }}
{{- end }}
{{- with $values.minInterval }}
- --min-interval={{ . }}
{{- end }}
{{- end }}
{{- range (index $values.controllers .part).extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}

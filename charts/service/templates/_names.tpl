{{/* Each template takes a dict: `values` (of this library, from the chart that uses it), and
`chart` and `release`, Helm's own. See service.all. */}}

{{/* Labels that never change: what selects the pods. */}}
{{- define "service.selector" -}}
app.kubernetes.io/name: {{ .chart.Name }}
app.kubernetes.io/instance: {{ .release.Name }}
{{- end -}}

{{/* Labels that every object has. */}}
{{- define "service.labels" -}}
{{ include "service.selector" . }}
{{ include "service.descriptiveLabels" . }}
{{- end -}}

{{/* Of the migrations' objects: no Service, budget or autoscaler may take their pods for its own. */}}
{{- define "service.migrationsSelector" -}}
app.kubernetes.io/name: {{ .chart.Name }}-migrate
app.kubernetes.io/instance: {{ .release.Name }}
{{- end -}}

{{- define "service.descriptiveLabels" -}}
app.kubernetes.io/part-of: tessera
app.kubernetes.io/version: {{ .chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .release.Service }}
{{- end -}}

{{/* The image: by digest, so that what was tested is what runs. */}}
{{- define "service.image" -}}
{{- with .values.image -}}
{{- $name := .repository -}}
{{- if .registry -}}
{{- $name = printf "%s/%s" .registry .repository -}}
{{- end -}}
{{- if .digest -}}
{{ $name }}@{{ .digest }}
{{- else -}}
{{ $name }}:{{ .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Argo CD's order inside one release; Helm has its own, and ignores these. */}}
{{- define "service.beforeMigrations" -}}
argocd.argoproj.io/sync-wave: "-2"
{{- end -}}

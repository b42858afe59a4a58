{{/* Settings that are no secrets. What follows from other values is not written twice. To Helm every
number is a float, and toString would write a million as 1e+06; toJson does not. */}}
{{- define "service.settings" -}}
{{- range $name, $value := .values.config }}
{{ $name }}: {{ ternary (toJson $value) (toString $value) (kindIs "float64" $value) | quote }}
{{- end }}
{{- range .values.ports }}
{{ .env }}: {{ .port | toString | quote }}
{{- end }}
DRAIN_MS: {{ .values.shutdown.drainMs | int | toString | quote }}
GRACE_MS: {{ .values.shutdown.graceMs | int | toString | quote }}
{{- end -}}

{{- define "service.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .chart.Name }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
  annotations:
    {{- include "service.beforeMigrations" . | nindent 4 }}
data:
  {{- include "service.settings" . | trim | nindent 2 }}
{{- end -}}

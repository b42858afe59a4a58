{{/* The labels of every object of this chart. */}}
{{- define "monitoring.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: tessera
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/* The same, where the Prometheus operator looks. */}}
{{- define "monitoring.prometheusLabels" -}}
{{ include "monitoring.labels" . }}
{{ toYaml .Values.prometheusLabels }}
{{- end -}}

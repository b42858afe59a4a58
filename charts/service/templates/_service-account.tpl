{{/* One identity a workload: it is what the mesh's policy names. */}}
{{- define "service.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .chart.Name }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
  annotations:
    {{- include "service.beforeMigrations" . | nindent 4 }}
# The program never calls Kubernetes; the proxy brings a token of its own.
automountServiceAccountToken: false
{{- end -}}

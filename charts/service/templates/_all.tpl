{{/* Everything that a workload is made of. Call it with Helm's root: its values are those below
`service`, which Helm has merged with this library's own. */}}
{{- define "service.all" -}}
{{- $context := dict "values" .Values.service "chart" .Chart "release" .Release -}}
{{- $parts := list "serviceAccount" "secret" "networkPolicy" "migrationsNetworkPolicy" "migrations" "service" "deployment" "podDisruptionBudget" "autoscaling" -}}
{{- range $parts }}
{{- with include (printf "service.%s" .) $context | trim }}
---
{{ . }}
{{- end }}
{{- end }}
{{- end -}}

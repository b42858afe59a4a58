{{/* Settings that are no secrets: a part of the pod, so that each release keeps its own, and a canary
that is taken back takes its settings with it. What follows from other values is not written twice. To
Helm every number is a float, and toString would write a million as 1e+06; toJson does not. */}}
{{- define "service.settings" -}}
{{- range $name, $value := .values.config }}
- name: {{ $name }}
  value: {{ ternary (toJson $value) (toString $value) (kindIs "float64" $value) | quote }}
{{- end }}
{{- range .values.ports }}
- name: {{ .env }}
  value: {{ .port | toString | quote }}
{{- end }}
- name: DRAIN_MS
  value: {{ .values.shutdown.drainMs | int | toString | quote }}
- name: GRACE_MS
  value: {{ .values.shutdown.graceMs | int | toString | quote }}
{{- end -}}

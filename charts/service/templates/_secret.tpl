{{/* The Secret that the pods read: made by this release, or somebody else's. */}}
{{- define "service.secretName" -}}
{{- if eq .values.secrets.from "existing" -}}
{{ .values.secrets.existing }}
{{- else -}}
{{ .chart.Name }}
{{- end -}}
{{- end -}}

{{/* One variable, from the Secret's key of the same name. */}}
{{- define "service.secretEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ include "service.secretName" .of }}
      key: {{ .name }}
{{- end -}}

{{/* Where the Secret comes from. One word chooses, so it is never two places at once. */}}
{{- define "service.secret" -}}
{{- if eq .values.secrets.from "external" }}
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {{ .chart.Name }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
  annotations:
    {{- include "service.beforeMigrations" . | nindent 4 }}
spec:
  refreshInterval: {{ .values.secrets.external.refreshInterval }}
  secretStoreRef:
    kind: ClusterSecretStore
    name: {{ .values.secrets.external.store }}
  target:
    name: {{ .chart.Name }}
    creationPolicy: Owner
    # A store that lost an entry must not take it away from pods that need it.
    deletionPolicy: Retain
  data:
    {{- range .values.secrets.names }}
    - secretKey: {{ . }}
      remoteRef:
        key: {{ $.values.secrets.external.key }}
        property: {{ . }}
    {{- end }}
{{- else if eq .values.secrets.from "values" }}
apiVersion: v1
kind: Secret
metadata:
  name: {{ .chart.Name }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
  annotations:
    {{- include "service.beforeMigrations" . | nindent 4 }}
type: Opaque
stringData:
  {{- range .values.secrets.names }}
  {{ . }}: {{ required (printf "service.secrets.values.%s is needed" .) (get $.values.secrets.values .) | quote }}
  {{- end }}
{{- end }}
{{- end -}}

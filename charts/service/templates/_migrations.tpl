{{/* Migrations: docs/adr/0013. A plain Job to Helm, and a Sync hook to Argo CD; never a Helm hook. */}}
{{- define "service.migrationsSpec" -}}
backoffLimit: 3
# Argo CD removes one that succeeded, and none that failed under another name: that is an alert for ever.
ttlSecondsAfterFinished: 86400
# A large table is rebuilt; the program gives up after an hour.
activeDeadlineSeconds: 3900
template:
  metadata:
    labels:
      {{- include "service.migrationsSelector" . | nindent 6 }}
      {{- include "service.descriptiveLabels" . | nindent 6 }}
    annotations:
      # It talks to MySQL alone, which is outside the mesh.
      linkerd.io/inject: disabled
  spec:
    restartPolicy: Never
    serviceAccountName: {{ .chart.Name }}
    automountServiceAccountToken: false
    enableServiceLinks: false
    securityContext:
      {{- include "service.podSecurityContext" . | nindent 6 }}
    containers:
      - name: app
        image: {{ include "service.image" . }}
        imagePullPolicy: {{ .values.image.pullPolicy }}
        workingDir: /app/{{ .chart.Name }}
        command: [node, src/migrate.ts]
        env:
          {{- include "service.secretEnv" (dict "name" "MYSQL_URL" "of" .) | nindent 10 }}
          {{- range $name := list "MYSQL_TYPE" "MYSQL_TLS" }}
          {{- with get $.values.config $name }}
          - name: {{ $name }}
            value: {{ . | quote }}
          {{- end }}
          {{- end }}
        resources:
          requests: {cpu: 100m, memory: 128Mi}
          limits: {memory: 256Mi}
        securityContext:
          {{- include "service.containerSecurityContext" . | nindent 10 }}
{{- end -}}

{{- define "service.migrations" -}}
{{- if .values.migrations }}
{{- $spec := include "service.migrationsSpec" . -}}
apiVersion: batch/v1
kind: Job
metadata:
  # A Job's pods cannot be changed: what differs is another Job, and the old one is removed.
  name: {{ .chart.Name }}-migrate-{{ sha256sum $spec | trunc 8 }}
  labels:
    {{- include "service.migrationsSelector" . | nindent 4 }}
    {{- include "service.descriptiveLabels" . | nindent 4 }}
  annotations:
    argocd.argoproj.io/hook: Sync
    argocd.argoproj.io/sync-wave: "-1"
    argocd.argoproj.io/hook-delete-policy: BeforeHookCreation,HookSucceeded
spec:
  {{- $spec | nindent 2 }}
{{- end }}
{{- end -}}

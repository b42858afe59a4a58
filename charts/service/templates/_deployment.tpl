{{- define "service.deployment" -}}
{{- if and (eq .values.autoscaling.targetKind "Rollout") (eq .values.autoscaling.by "none") -}}
{{- fail "service.autoscaling.by is none, and a Rollout takes its pods from an autoscaler alone: give another, or targetKind Deployment" -}}
{{- end -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .chart.Name }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
  annotations:
    # A checksum cannot see a Secret that External Secrets changes: Stakater's Reloader can, and
    # restarts the pods. Where it is not installed, somebody runs `kubectl rollout restart`.
    secret.reloader.stakater.com/reload: {{ include "service.secretName" . }}
spec:
  {{- if eq .values.autoscaling.targetKind "Rollout" }}
  # It says what a pod is; the Rollout runs them.
  replicas: 0
  {{- else if eq .values.autoscaling.by "none" }}
  replicas: {{ .values.replicas }}
  {{- end }}
  revisionHistoryLimit: {{ .values.revisionHistoryLimit }}
  selector:
    matchLabels:
      {{- include "service.selector" . | nindent 6 }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      # New pods come before old ones go: capacity never falls during a release.
      maxSurge: 25%
      maxUnavailable: 0
  template:
    metadata:
      labels:
        {{- include "service.labels" . | nindent 8 }}
      annotations:
        {{- if eq .values.secrets.from "values" }}
        checksum/secret: {{ toYaml .values.secrets.values | sha256sum }}
        {{- end }}
        # The proxy's emptyDir would otherwise keep the autoscaler from removing a node.
        cluster-autoscaler.kubernetes.io/safe-to-evict: "true"
        {{- include "service.meshAnnotations" . | nindent 8 }}
    spec:
      serviceAccountName: {{ .chart.Name }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ include "service.terminationGracePeriodSeconds" . }}
      securityContext:
        {{- include "service.podSecurityContext" . | nindent 8 }}
      topologySpreadConstraints:
        {{- include "service.topologySpread" . | trim | nindent 8 }}
      {{- with .values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - {{- include "service.container" . | nindent 10 }}
{{- end -}}

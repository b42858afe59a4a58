{{/* What is scaled: the Deployment, or the Rollout that took its pods over. */}}
{{- define "service.scaleTarget" -}}
{{- if eq .values.autoscaling.targetKind "Rollout" -}}
apiVersion: argoproj.io/v1alpha1
kind: Rollout
{{- else -}}
apiVersion: apps/v1
kind: Deployment
{{- end }}
name: {{ .chart.Name }}
{{- end -}}

{{/* A crowd comes in one second: up at once and by doubling, down slowly. */}}
{{- define "service.scaleBehavior" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  selectPolicy: Max
  policies:
    - {type: Percent, value: 100, periodSeconds: 15}
    - {type: Pods, value: 4, periodSeconds: 15}
scaleDown:
  stabilizationWindowSeconds: 300
  policies:
    - {type: Percent, value: 25, periodSeconds: 60}
{{- end -}}

{{/* One word chooses what scales, so there are never two. */}}
{{- define "service.autoscaling" -}}
{{- if eq .values.autoscaling.by "hpa" }}
{{- include "service.horizontalPodAutoscaler" . }}
{{- else if eq .values.autoscaling.by "keda" }}
{{- include "service.scaledObject" . }}
{{- end }}
{{- end -}}

{{- define "service.horizontalPodAutoscaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ .chart.Name }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    {{- include "service.scaleTarget" . | nindent 4 }}
  minReplicas: {{ .values.autoscaling.minReplicas }}
  maxReplicas: {{ .values.autoscaling.maxReplicas }}
  metrics:
    # Of the program's own container: the proxy beside it would dilute the figure.
    - type: ContainerResource
      containerResource:
        name: cpu
        container: app
        target:
          type: Utilization
          averageUtilization: {{ .values.autoscaling.cpuPercent }}
  behavior:
    {{- include "service.scaleBehavior" . | nindent 4 }}
{{- end -}}

{{/* The same, and product metrics or a clock beside it; KEDA makes the autoscaler itself. */}}
{{- define "service.scaledObject" -}}
{{- $keda := .values.autoscaling.keda -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ .chart.Name }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    {{- include "service.scaleTarget" . | nindent 4 }}
  pollingInterval: 15
  minReplicaCount: {{ .values.autoscaling.minReplicas }}
  maxReplicaCount: {{ .values.autoscaling.maxReplicas }}
  {{- if $keda.prometheus }}
  # Prometheus is away: as many pods as there were.
  fallback:
    failureThreshold: 3
    replicas: {{ .values.autoscaling.minReplicas }}
    behavior: currentReplicasIfHigher
  {{- end }}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        {{- include "service.scaleBehavior" . | nindent 8 }}
  triggers:
    - type: cpu
      metricType: Utilization
      metadata:
        containerName: app
        value: {{ .values.autoscaling.cpuPercent | toString | quote }}
    {{- range $keda.prometheus }}
    - type: prometheus
      metadata:
        serverAddress: {{ $keda.serverAddress }}
        query: {{ .query | quote }}
        threshold: {{ .threshold | toString | quote }}
    {{- end }}
    {{- range $keda.cron }}
    - type: cron
      metadata:
        timezone: {{ .timezone }}
        start: {{ .start | quote }}
        end: {{ .end | quote }}
        desiredReplicas: {{ .replicas | toString | quote }}
    {{- end }}
{{- end -}}

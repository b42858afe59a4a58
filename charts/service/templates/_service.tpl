{{/* Read by the callers' proxies. Replicas share a database: when it fails they are all left out, and
the longest penalty is how much longer than the database that lasts. */}}
{{- define "service.circuitBreaking" -}}
balancer.linkerd.io/failure-accrual: consecutive
balancer.linkerd.io/failure-accrual-consecutive-max-failures: "7"
balancer.linkerd.io/failure-accrual-consecutive-min-penalty: 1s
balancer.linkerd.io/failure-accrual-consecutive-max-penalty: 5s
balancer.linkerd.io/failure-accrual-consecutive-jitter-ratio: "0.5"
{{- end -}}

{{- define "service.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .chart.Name }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
  {{- if and .values.mesh.enabled .values.mesh.circuitBreaking }}
  annotations:
    {{- include "service.circuitBreaking" . | nindent 4 }}
  {{- end }}
spec:
  type: ClusterIP
  selector:
    {{- include "service.selector" . | nindent 4 }}
  ports:
    {{- range .values.ports }}
    - name: {{ .name }}
      port: {{ .port }}
      targetPort: {{ .name }}
      appProtocol: {{ .appProtocol }}
    {{- end }}
{{- end -}}

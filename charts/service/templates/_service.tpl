{{- define "service.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .chart.Name }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
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

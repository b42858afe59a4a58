{{/* One pod with one container and one port, and its Service. Takes `name`, `port`, and YAML: `container`. */}}
{{- define "store" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  labels: {app.kubernetes.io/name: {{ .name }}}
spec:
  selector: {app.kubernetes.io/name: {{ .name }}}
  ports:
    - {name: {{ .name }}, port: {{ .port }}, targetPort: {{ .name }}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  labels: {app.kubernetes.io/name: {{ .name }}}
spec:
  # One that writes: never two at a time.
  replicas: 1
  strategy: {type: Recreate}
  selector:
    matchLabels: {app.kubernetes.io/name: {{ .name }}}
  template:
    metadata:
      labels: {app.kubernetes.io/name: {{ .name }}}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 999
        runAsGroup: 999
        fsGroup: 999
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: {{ .name }}
          ports:
            - {name: {{ .name }}, containerPort: {{ .port }}}
          readinessProbe:
            tcpSocket: {port: {{ .name }}}
            periodSeconds: 2
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {memory: 1Gi}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
          {{- .container | nindent 10 }}
{{- end -}}

{{- define "service.namespace" -}}
namespaceSelector:
  matchLabels:
    kubernetes.io/metadata.name: {{ . }}
{{- end -}}

{{/* Other workloads of ours, in the release's namespace. */}}
{{- define "service.workload" -}}
podSelector:
  matchLabels:
    app.kubernetes.io/name: {{ . }}
    app.kubernetes.io/part-of: tessera
{{- end -}}

{{/* One rule of egress: to stores outside the cluster, or to pods of the laptop's own. */}}
{{- define "service.egressToStore" -}}
- to:
    {{- range .cidrs }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
  ports:
    - {protocol: TCP, port: {{ .port }}}
{{- end -}}

{{- define "service.egressToDns" -}}
- to:
    - {{- include "service.namespace" "kube-system" | nindent 6 }}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end -}}

{{/* Who may connect, whatever the mesh thinks. Between proxies everything arrives on 4143. The
kubelet's probes come from the pod's own node, which a NetworkPolicy never stops. */}}
{{- define "service.ingressRules" -}}
{{- $network := .values.networkPolicy -}}
{{- $meshed := .values.mesh.enabled -}}
{{- range $caller := $network.callers }}
- from:
    - {{- include "service.workload" $caller.workload | nindent 6 }}
  ports:
    - {protocol: TCP, port: {{ ternary 4143 $caller.port $meshed }}}
{{- end }}
{{- range $caller := $network.callerNamespaces }}
- from:
    - {{- include "service.namespace" $caller.namespace | nindent 6 }}
  ports:
    # An ingress controller that is not meshed comes to the port itself: the mesh decides then.
    - {protocol: TCP, port: {{ $caller.port }}}
    {{- if $meshed }}
    - {protocol: TCP, port: 4143}
    {{- end }}
{{- end }}
{{- range $caller := $network.callerCidrs }}
- from:
    - ipBlock: {cidr: {{ $caller.cidr }}}
  ports:
    - {protocol: TCP, port: {{ $caller.port }}}
{{- end }}
- from:
    - {{- include "service.namespace" $network.prometheusNamespace | nindent 6 }}
  ports:
    - {protocol: TCP, port: {{ .values.probePort }}}
    {{- if $meshed }}
    - {protocol: TCP, port: 4143}
    - {protocol: TCP, port: 4191}
    {{- end }}
{{- end -}}

{{- define "service.egressRules" -}}
{{- $network := .values.networkPolicy -}}
{{- $meshed := .values.mesh.enabled -}}
{{- include "service.egressToDns" . }}
{{- if $meshed }}
- to:
    - {{- include "service.namespace" "linkerd" | nindent 6 }}
  ports:
    # Identity, destination and policy, and the proxies in front of them.
    - {protocol: TCP, port: 8080}
    - {protocol: TCP, port: 8086}
    - {protocol: TCP, port: 8090}
    - {protocol: TCP, port: 4143}
{{- end }}
{{- range $callee := $network.callees }}
- to:
    - {{- include "service.workload" $callee.workload | nindent 6 }}
  ports:
    - {protocol: TCP, port: {{ ternary 4143 $callee.port $meshed }}}
{{- end }}
{{- range $store := $network.stores }}
{{ include "service.egressToStore" (dict "cidrs" $network.storeCidrs "port" $store) }}
{{- end }}
{{- if .values.config.OTEL_EXPORTER_OTLP_ENDPOINT }}
{{- with $network.tracing }}
- to:
    - {{- include "service.namespace" .namespace | nindent 6 }}
  ports:
    - {protocol: TCP, port: {{ .port }}}
    {{- if $meshed }}
    - {protocol: TCP, port: 4143}
    {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "service.networkPolicy" -}}
{{- if .values.networkPolicy.enabled -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .chart.Name }}
  labels:
    {{- include "service.labels" . | nindent 4 }}
  annotations:
    {{- include "service.beforeMigrations" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "service.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- include "service.ingressRules" . | trim | nindent 4 }}
  egress:
    {{- include "service.egressRules" . | trim | nindent 4 }}
{{- end }}
{{- end -}}

{{- define "service.migrationsNetworkPolicy" -}}
{{- if and .values.networkPolicy.enabled .values.migrations -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ .chart.Name }}-migrate
  labels:
    {{- include "service.migrationsSelector" . | nindent 4 }}
    {{- include "service.descriptiveLabels" . | nindent 4 }}
  annotations:
    {{- include "service.beforeMigrations" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "service.migrationsSelector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  egress:
    {{- include "service.egressToDns" . | nindent 4 }}
    {{- include "service.egressToStore" (dict "cidrs" .values.networkPolicy.storeCidrs "port" 3306) | nindent 4 }}
{{- end }}
{{- end -}}

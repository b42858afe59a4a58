{{/* What the restricted Pod Security Standard asks of a pod, and a user of our own. */}}
{{- define "service.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "service.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Says no to a grace period that would cut the program's own shutdown short: stopOnSignal waits
for DRAIN_MS, GRACE_MS and 5 s at most. The mesh's proxy stops after the program, in the
same period: 10 s are for it. */}}
{{- define "service.terminationGracePeriodSeconds" -}}
{{- $shutdown := .values.shutdown -}}
{{- $stopMs := add $shutdown.drainMs $shutdown.graceMs 5000 -}}
{{- $needed := add $shutdown.preStopSeconds (div (add $stopMs 999) 1000) 10 | int -}}
{{- $given := int $shutdown.terminationGracePeriodSeconds -}}
{{- if and $given (lt $given $needed) -}}
{{- fail (printf "service.shutdown.terminationGracePeriodSeconds is %d, and stopping takes up to %d" $given $needed) -}}
{{- end -}}
{{- $given | default $needed -}}
{{- end -}}

{{/* How the mesh treats these pods. Its annotations belong to the pod, not to the Deployment. */}}
{{- define "service.meshAnnotations" -}}
{{- with .values.mesh -}}
{{- if .enabled -}}
linkerd.io/inject: enabled
# MySQL and Redis are outside the mesh: the proxy must not guess what they speak. TLS is ours.
config.linkerd.io/skip-outbound-ports: {{ .skipOutboundPorts | quote }}
config.linkerd.io/proxy-cpu-request: {{ .proxy.cpuRequest | quote }}
config.linkerd.io/proxy-memory-request: {{ .proxy.memoryRequest | quote }}
config.linkerd.io/proxy-memory-limit: {{ .proxy.memoryLimit | quote }}
{{- else -}}
linkerd.io/inject: disabled
{{- end }}
{{- end }}
{{- end -}}

{{/* Zones first, then nodes; but a pod that cannot be spread still starts. Old and new pods are counted
apart, by the label that whoever made them gives them. */}}
{{- define "service.topologySpread" -}}
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "service.selector" $ | nindent 6 }}
  matchLabelKeys: [{{ eq $.values.autoscaling.targetKind "Rollout" | ternary "rollouts-pod-template-hash" "pod-template-hash" }}]
{{- end }}
{{- end -}}

{{/* Asked over HTTP: the mesh lets the kubelet's httpGet probes through, and no other ones. A
process that answers is alive, whatever its database does; only one that can work is ready. */}}
{{- define "service.probes" -}}
startupProbe:
  httpGet: {path: /livez, port: {{ .values.probePort }}}
  periodSeconds: 1
  timeoutSeconds: 2
  # The program itself gives up on its database after 30 s.
  failureThreshold: 60
readinessProbe:
  httpGet: {path: /readyz, port: {{ .values.probePort }}}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
livenessProbe:
  httpGet: {path: /livez, port: {{ .values.probePort }}}
  periodSeconds: 10
  # A busy process answers late, and must not be killed for it.
  timeoutSeconds: 5
  failureThreshold: 3
{{- end -}}

{{- define "service.container" -}}
name: app
image: {{ include "service.image" . }}
imagePullPolicy: {{ .values.image.pullPolicy }}
workingDir: /app/{{ .chart.Name }}
env:
  - name: NODE_OPTIONS
    value: {{ .values.nodeOptions | quote }}
  {{- range .values.secrets.names }}
  {{- include "service.secretEnv" (dict "name" . "of" $) | nindent 2 }}
  {{- end }}
  {{- include "service.settings" . | trim | nindent 2 }}
ports:
  {{- range .values.ports }}
  - name: {{ .name }}
    containerPort: {{ .port }}
  {{- end }}
{{ include "service.probes" . }}
lifecycle:
  preStop:
    # Endpoints leave the load balancers meanwhile; the program then drains for DRAIN_MS more.
    sleep:
      seconds: {{ .values.shutdown.preStopSeconds }}
resources:
  {{- toYaml .values.resources | nindent 2 }}
securityContext:
  {{- include "service.containerSecurityContext" . | nindent 2 }}
{{- end -}}

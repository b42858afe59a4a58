{{/* What all Applications have in common. Server-side diff: the API server fills in the defaults
of CRDs, in lists too, and a diff without it would show them for ever. */}}
{{- define "apps.metadata" -}}
name: {{ .name }}
namespace: argocd
labels:
  app.kubernetes.io/part-of: tessera
annotations:
  argocd.argoproj.io/sync-wave: {{ .wave | quote }}
  argocd.argoproj.io/compare-options: ServerSideDiff=true
finalizers:
  - resources-finalizer.argocd.argoproj.io
{{- end -}}

{{- define "apps.syncPolicy" -}}
{{- if .Values.automated }}
automated:
  prune: true
  selfHeal: true
{{- end }}
# A store or a CRD that comes a moment later is waited for.
retry:
  limit: 10
  backoff: {duration: 10s, factor: 2, maxDuration: 3m}
syncOptions:
  - ServerSideApply=true
  - PruneLast=true
{{- end -}}

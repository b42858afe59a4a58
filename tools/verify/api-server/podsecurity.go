package main

import (
	"fmt"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubernetes/pkg/apis/apps"
	"k8s.io/kubernetes/pkg/apis/batch"
	"k8s.io/kubernetes/pkg/apis/core"
	corev1 "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// podSecurityProblems says what the "restricted" standard forbids of the pods that an object makes.
func podSecurityProblems(object runtime.Object) []string {
	template := podTemplateOf(object)
	if template == nil {
		return nil
	}
	external := v1.PodTemplateSpec{}
	if err := corev1.Convert_core_PodTemplateSpec_To_v1_PodTemplateSpec(template, &external, nil); err != nil {
		return []string{err.Error()}
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		return []string{err.Error()}
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	problems := []string{}
	for _, result := range evaluator.EvaluatePod(level, &metav1.ObjectMeta{}, &external.Spec) {
		if !result.Allowed {
			problems = append(problems,
				fmt.Sprintf("pod security: %s (%s)", result.ForbiddenReason, result.ForbiddenDetail))
		}
	}
	return problems
}

func podTemplateOf(object runtime.Object) *core.PodTemplateSpec {
	switch made := object.(type) {
	case *apps.DaemonSet:
		return &made.Spec.Template
	case *apps.Deployment:
		return &made.Spec.Template
	case *apps.StatefulSet:
		return &made.Spec.Template
	case *batch.Job:
		return &made.Spec.Template
	case *batch.CronJob:
		return &made.Spec.JobTemplate.Spec.Template
	case *core.Pod:
		return &core.PodTemplateSpec{Spec: made.Spec}
	default:
		return nil
	}
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apimachineryvalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/yaml"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	kjson "sigs.k8s.io/json"
)

// A customKind is one served version of a custom resource.
type customKind struct {
	isNamespaced bool
	schema       *structuralschema.Structural
	validator    validation.SchemaValidator
	rules        *cel.Validator
}

type customKinds map[schema.GroupVersionKind]*customKind

// readCustomKinds reads every CustomResourceDefinition of these files; other objects are ignored.
func readCustomKinds(files []string) (customKinds, error) {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	decoder := serializer.NewCodecFactory(scheme).UniversalDecoder()
	kinds := customKinds{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
		for {
			document, err := documents.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if err := kinds.add(document, decoder); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return kinds, nil
}

func (kinds customKinds) add(document []byte, decoder runtime.Decoder) error {
	asJSON, err := yaml.ToJSON(document)
	if err != nil {
		return err
	}
	decoded, _, err := decoder.Decode(asJSON, nil, nil)
	if runtime.IsNotRegisteredError(err) || runtime.IsMissingKind(err) {
		return nil
	}
	if err != nil {
		return err
	}
	definition, isDefinition := decoded.(*apiextensions.CustomResourceDefinition)
	if !isDefinition {
		return nil
	}
	for _, version := range definition.Spec.Versions {
		if !version.Served {
			continue
		}
		kind, err := newCustomKind(definition, version.Name)
		if err != nil {
			return fmt.Errorf("%s %s: %w", definition.Name, version.Name, err)
		}
		kinds[schema.GroupVersionKind{
			Group: definition.Spec.Group, Version: version.Name, Kind: definition.Spec.Names.Kind,
		}] = kind
	}
	return nil
}

func newCustomKind(definition *apiextensions.CustomResourceDefinition, version string) (*customKind, error) {
	found, err := apiextensions.GetSchemaForVersion(definition, version)
	if err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(found.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	validator, _, err := validation.NewSchemaValidator(found.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	return &customKind{
		isNamespaced: definition.Spec.Scope == apiextensions.NamespaceScoped,
		schema:       structural,
		validator:    validator,
		rules:        cel.NewValidator(structural, true, celconfig.PerCallLimit),
	}, nil
}

// judge says what is wrong with an object, which it prunes and completes.
func (kind *customKind) judge(object map[string]any) ([]string, error) {
	problems, err := kind.judgeMetadata(object["metadata"])
	if err != nil {
		return nil, err
	}
	track := structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	for _, path := range pruning.PruneWithOptions(object, kind.schema, true, track) {
		problems = append(problems, fmt.Sprintf("unknown field %q", path))
	}
	defaulting.Default(object, kind.schema)
	found := validation.ValidateCustomResource(nil, object, kind.validator)
	found = append(found, listtype.ValidateListSetsAndMaps(nil, kind.schema, object)...)
	// Rules may only be asked about what has the right types.
	if len(found) == 0 {
		broken, _ := kind.rules.Validate(
			context.Background(), nil, kind.schema, object, nil, celconfig.RuntimeCELCostBudget)
		found = append(found, broken...)
	}
	for _, problem := range found {
		problems = append(problems, problem.Error())
	}
	return problems, nil
}

// judgeMetadata judges what every kind has, and no CRD describes.
func (kind *customKind) judgeMetadata(metadata any) ([]string, error) {
	asJSON, err := json.Marshal(metadata)
	if err != nil {
		return nil, err
	}
	problems := []string{}
	decoded := metav1.ObjectMeta{}
	strict, err := kjson.UnmarshalStrict(asJSON, &decoded)
	if err != nil {
		return []string{err.Error()}, nil
	}
	for _, problem := range strict {
		problems = append(problems, "metadata: "+problem.Error())
	}
	if kind.isNamespaced && decoded.Namespace == "" {
		decoded.Namespace = metav1.NamespaceDefault
	}
	for _, problem := range apimachineryvalidation.ValidateObjectMeta(
		&decoded, kind.isNamespaced, apimachineryvalidation.NameIsDNSSubdomain, field.NewPath("metadata")) {
		problems = append(problems, problem.Error())
	}
	return problems, nil
}

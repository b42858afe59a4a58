// Says of each object what an API server would say when somebody created it.
//
//	api-server <CRD file>… < objects.json > answers.json
//
// The objects are an array of JSON. The answers are an array of the same length: whether the
// object's kind is known, whether it lies in a namespace, and what is wrong with it. Everything is judged by Kubernetes' own code:
// strict decoding, defaults, validation, and the "restricted" pod security standard.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Answer is what comes of one object.
type Answer struct {
	IsKnown      bool     `json:"isKnown"`
	IsNamespaced bool     `json:"isNamespaced"`
	Problems     []string `json:"problems"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(crdFiles []string) error {
	custom, err := readCustomKinds(crdFiles)
	if err != nil {
		return err
	}
	var objects []json.RawMessage
	if err := json.NewDecoder(os.Stdin).Decode(&objects); err != nil {
		return fmt.Errorf("standard input is no array of objects: %w", err)
	}
	answers := make([]Answer, len(objects))
	for index, object := range objects {
		if answers[index], err = judge(object, custom); err != nil {
			return fmt.Errorf("object %d: %w", index, err)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}

func judge(object []byte, custom customKinds) (Answer, error) {
	parsed := unstructured.Unstructured{}
	if err := parsed.UnmarshalJSON(object); err != nil {
		return Answer{IsKnown: true, Problems: []string{err.Error()}}, nil
	}
	kind := parsed.GroupVersionKind()
	if strategy, isKnown := strategyOf(kind); isKnown {
		problems := judgeBuiltin(strategy, object)
		return Answer{IsKnown: true, IsNamespaced: strategy.NamespaceScoped(), Problems: problems}, nil
	}
	if known, isKnown := custom[kind]; isKnown {
		problems, err := known.judge(parsed.Object)
		return Answer{IsKnown: true, IsNamespaced: known.isNamespaced, Problems: problems}, err
	}
	return Answer{Problems: []string{}}, nil
}

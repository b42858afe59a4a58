// A provider that knows schemas and does nothing: enough for OpenTofu to validate a configuration,
// and to test it with mock_provider, where no real provider can be downloaded. It is called like the
// provider that it stands in for, terraform-provider-aws, and reads that one's schema from the JSON
// file that STUB_SCHEMAS names, in the format of "terraform providers schema -json".
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type attribute struct {
	Type      json.RawMessage `json:"type"`
	Required  bool            `json:"required"`
	Optional  bool            `json:"optional"`
	Computed  bool            `json:"computed"`
	WriteOnly bool            `json:"write_only"`
}

type block struct {
	Attributes map[string]attribute   `json:"attributes"`
	BlockTypes map[string]nestedBlock `json:"block_types"`
}

type nestedBlock struct {
	NestingMode string `json:"nesting_mode"`
	Block       block  `json:"block"`
}

type schema struct {
	Block block `json:"block"`
}

type providerSchema struct {
	Provider    schema            `json:"provider"`
	Resources   map[string]schema `json:"resource_schemas"`
	DataSources map[string]schema `json:"data_source_schemas"`
	Ephemerals  map[string]schema `json:"ephemeral_resource_schemas"`
}

var nestings = map[string]tfprotov6.SchemaNestedBlockNestingMode{
	"single": tfprotov6.SchemaNestedBlockNestingModeSingle,
	"list":   tfprotov6.SchemaNestedBlockNestingModeList,
	"set":    tfprotov6.SchemaNestedBlockNestingModeSet,
}

func main() {
	name := strings.TrimPrefix(filepath.Base(os.Args[0]), "terraform-provider-")
	known, err := read(os.Getenv("STUB_SCHEMAS"), name)
	if err == nil {
		err = tf6server.Serve("registry.opentofu.org/hashicorp/"+name, func() tfprotov6.ProviderServer {
			return stub{schema: known}
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(file, name string) (providerSchema, error) {
	var all struct {
		Schemas map[string]providerSchema `json:"provider_schemas"`
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return providerSchema{}, err
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return providerSchema{}, err
	}
	known, ok := all.Schemas["registry.terraform.io/hashicorp/"+name]
	if !ok {
		return providerSchema{}, fmt.Errorf("%s has no schema of %s", file, name)
	}
	return known, nil
}

// What is not overridden below panics, which no validation and no mock comes to.
type stub struct {
	tfprotov6.ProviderServer
	schema providerSchema
}

func (s stub) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	return &tfprotov6.GetMetadataResponse{}, nil
}

func (s stub) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return &tfprotov6.GetProviderSchemaResponse{
		Provider:                 schemaOf(s.schema.Provider),
		ResourceSchemas:          schemasOf(s.schema.Resources),
		DataSourceSchemas:        schemasOf(s.schema.DataSources),
		EphemeralResourceSchemas: schemasOf(s.schema.Ephemerals),
	}, nil
}

func (s stub) ValidateProviderConfig(_ context.Context, r *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: r.Config}, nil
}

func (s stub) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (s stub) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

func (s stub) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

func (s stub) ValidateDataResourceConfig(context.Context, *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return &tfprotov6.ValidateDataResourceConfigResponse{}, nil
}

func (s stub) ValidateEphemeralResourceConfig(context.Context, *tfprotov6.ValidateEphemeralResourceConfigRequest) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	return &tfprotov6.ValidateEphemeralResourceConfigResponse{}, nil
}

func schemasOf(all map[string]schema) map[string]*tfprotov6.Schema {
	schemas := make(map[string]*tfprotov6.Schema, len(all))
	for name, one := range all {
		schemas[name] = schemaOf(one)
	}
	return schemas
}

func schemaOf(one schema) *tfprotov6.Schema {
	return &tfprotov6.Schema{Block: blockOf(one.Block)}
}

func blockOf(one block) *tfprotov6.SchemaBlock {
	made := &tfprotov6.SchemaBlock{}
	for name, attribute := range one.Attributes {
		// Deprecated for those who build types at run time, which is what this is.
		valueType, err := tftypes.ParseJSONType(attribute.Type) //nolint:staticcheck
		if err != nil {
			panic(fmt.Errorf("%s: %w", name, err))
		}
		made.Attributes = append(made.Attributes, &tfprotov6.SchemaAttribute{
			Name: name, Type: valueType, Required: attribute.Required, Optional: attribute.Optional,
			Computed: attribute.Computed, WriteOnly: attribute.WriteOnly,
		})
	}
	for name, nested := range one.BlockTypes {
		made.BlockTypes = append(made.BlockTypes, &tfprotov6.SchemaNestedBlock{
			TypeName: name, Nesting: nestings[nested.NestingMode], Block: blockOf(nested.Block),
		})
	}
	return made
}

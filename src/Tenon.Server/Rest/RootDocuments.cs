using System.Collections.Concurrent;
using Tenon.Core.Catalog;
using Tenon.Core.Codegen;
using Tenon.Core.Types;
using Tenon.Server.Auth;

namespace Tenon.Server.Rest;

/// <summary>The documents at the root, one per schema and role, kept as long as their catalog is the current one.</summary>
internal sealed class RootDocuments
{
    private const int Capacity = 64;

    private sealed record Generation(Catalog Catalog, ConcurrentDictionary<(string Schema, RoleName Role), byte[]> Texts);

    private Generation current = new(Catalog.Empty, []);

    public ReadOnlyMemory<byte> Of(Catalog catalog, string schema, Caller caller)
    {
        Generation generation = current;
        if (!ReferenceEquals(generation.Catalog, catalog) || generation.Texts.Count >= Capacity)
        {
            generation = current = new Generation(catalog, []);
        }
        return generation.Texts.GetOrAdd(
            (schema, caller.Role),
            static (key, state) => OpenApi.Generate(state.catalog, key.Schema, state.all ? null : key.Role, RestEndpoints.Prefix),
            (catalog, all: caller.BypassesPolicies)
        );
    }
}

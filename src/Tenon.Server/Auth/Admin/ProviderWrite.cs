using System.Text.Json;
using Tenon.Core.Codegen;
using Tenon.Core.Types;
using Tenon.Server.Auth.OAuth;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.Admin;

/// <summary>What becomes of one provider made at run time: its row, judged and sealed; null: it goes.</summary>
internal sealed record ProviderWrite(string Identifier, CustomProvider? Row)
{
    public void Write(IStoreTransaction unit)
    {
        unit.Execute(CustomProviderSql.Delete, Datum.Of(Identifier));
        if (Row is not null)
        {
            unit.Execute(CustomProviderSql.Insert, [.. AdminProviders.RowOf(Row)]);
        }
    }

    /// <summary>The same as text of a migration.</summary>
    public string Script() =>
        Row is not { } row
            ? EnvironmentScript.ProviderGone(Identifier)
            : EnvironmentScript.Provider(
                Identifier,
                CustomProviderSql.Columns,
                [row.Id.ToString("D"), row.Identifier, row.Type, row.Name, row.ClientId, row.SealedSecret, JsonSerializer.Serialize(row.Settings)],
                row.Enabled,
                row.CreatedAt,
                row.UpdatedAt
            );
}

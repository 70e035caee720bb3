using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;

namespace Tenon.Benchmarks.Floor;

/// <summary>The authenticated get: JwtBearer, and the owner's id in the statement.</summary>
internal static class OwnedEndpoints
{
    public static void Map(WebApplication app)
    {
        app.MapGet("/rest/v1/items", [Authorize] (Connections connections, ClaimsPrincipal user, string id) =>
            Get(connections, "items", id, user.FindFirstValue("sub")));
        app.MapGet("/rest/v1/items_open", [Authorize] (Connections connections, string id) =>
            Get(connections, "items_open", id, owner: null));
    }

    private static IResult Get(Connections connections, string table, string id, string? owner)
    {
        if (!Filter.TryEqual(id, out var key))
        {
            return Results.BadRequest();
        }

        using var connection = connections.Open();
        using var command = connection.CreateCommand();
        var mine = owner is null ? "" : " and owner = $owner";
        command.CommandText = $"select {RawEndpoints.ItemColumns} from {table} where id = $id{mine}";
        command.Parameters.AddWithValue("$id", key);
        if (owner is not null)
        {
            command.Parameters.AddWithValue("$owner", owner);
        }

        var items = new List<Item>();
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            items.Add(RawEndpoints.ReadItem(row));
        }

        return Results.Ok(items);
    }
}

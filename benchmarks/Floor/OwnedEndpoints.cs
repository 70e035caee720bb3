using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;

namespace Tenon.Benchmarks.Floor;

/// <summary>The authenticated get: JwtBearer, and the owner's id in the statement.</summary>
internal static class OwnedEndpoints
{
    public static void Map(WebApplication app) => app.MapGet(
        "/rest/v1/items", [Authorize] (Connections connections, ClaimsPrincipal user, string id) =>
            Get(connections, id, user.FindFirstValue("sub")!));

    private static IResult Get(Connections connections, string id, string owner)
    {
        if (!Filter.TryEqual(id, out var key))
        {
            return Results.BadRequest();
        }

        using var connection = connections.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"select {RawEndpoints.ItemColumns} from items where id = $id and owner = $owner";
        command.Parameters.AddWithValue("$id", key);
        command.Parameters.AddWithValue("$owner", owner);
        var items = new List<Item>();
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            items.Add(RawEndpoints.ReadItem(row));
        }

        return Results.Ok(items);
    }
}

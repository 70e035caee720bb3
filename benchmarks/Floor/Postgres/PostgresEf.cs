using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Tenon.Benchmarks.Floor.Postgres;

/// <summary>The same endpoints with EF Core; those that read are the ones of SQLite.</summary>
internal static class PostgresEf
{
    public static void AddServices(IServiceCollection services, NpgsqlDataSource database) =>
        services.AddDbContextPool<FloorContext>(options => options.UseNpgsql(database));

    public static void Map(WebApplication app)
    {
        app.MapGet("/rest/v1/items", EfEndpoints.GetItems);
        app.MapGet("/rest/v1/orders", EfEndpoints.GetOrders);
        app.MapPost("/rest/v1/items", AddItemAsync);
        app.MapPatch("/rest/v1/items", ChangeStockAsync);
    }

    private static async Task<IResult> AddItemAsync(FloorContext db, TimeProvider time, NewItem item)
    {
        var entity = new ItemEntity
        {
            Name = item.Name,
            CategoryId = item.CategoryId,
            Owner = item.Owner,
            Price = item.Price,
            Stock = item.Stock,
            Active = item.Active,
            CreatedAt = Stored.Instant(Stored.Micros(time.GetUtcNow())),
            Note = item.Note,
        };
        db.Items.Add(entity);
        await db.SaveChangesAsync();
        return Results.Created((string?)null, new List<Item> { entity.ToItem() });
    }

    private static async Task<IResult> ChangeStockAsync(FloorContext db, string id, StockChange change)
    {
        if (!Filter.TryEqual(id, out var key))
        {
            return Results.BadRequest();
        }

        if (await db.Items.SingleOrDefaultAsync(i => i.Id == key) is not { } entity)
        {
            return Results.Ok(new List<Item>());
        }

        entity.Stock = change.Stock;
        await db.SaveChangesAsync();
        return Results.Ok(new List<Item> { entity.ToItem() });
    }
}

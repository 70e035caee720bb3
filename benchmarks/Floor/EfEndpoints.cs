using Microsoft.AspNetCore.Mvc;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Tenon.Benchmarks.Floor;

/// <summary>The same endpoints with EF Core: pooled contexts, no tracking on reads, change tracking on writes.</summary>
internal static class EfEndpoints
{
    public static void AddServices(IServiceCollection services, Connections connections) =>
        services.AddDbContextPool<FloorContext>(options => options.UseSqlite(connections.ConnectionString));

    public static void Map(WebApplication app)
    {
        app.MapGet("/rest/v1/items", GetItems);
        app.MapGet("/rest/v1/orders", GetOrders);
        app.MapPost("/rest/v1/items", AddItem);
        app.MapPatch("/rest/v1/items", ChangeStock);
    }

    internal static async Task<IResult> GetItems(
        FloorContext db, string? id, [FromQuery(Name = "category_id")] string? category, string? price)
    {
        if (Filter.TryEqual(id, out var key))
        {
            var found = await db.Items.AsNoTracking().Where(i => i.Id == key).ToListAsync();
            return Results.Ok(found.ConvertAll(i => i.ToItem()));
        }

        if (!Filter.TryEqual(category, out var categoryId) || !Filter.TryAtLeast(price, out var atLeast))
        {
            return Results.BadRequest();
        }

        decimal least = atLeast;
        return Results.Ok(await db.Items.AsNoTracking()
            .Where(i => i.CategoryId == categoryId && i.Price >= least)
            .OrderByDescending(i => i.Price).ThenBy(i => i.Id).Take(20)
            .Select(i => new ItemSummary(i.Id, i.Name, i.Price, i.Active, i.CreatedAt)).ToListAsync());
    }

    internal static async Task<IResult> GetOrders(FloorContext db, string? id)
    {
        if (!Filter.TryAtLeast(id, out var first))
        {
            return Results.BadRequest();
        }

        var orders = await db.Orders.AsNoTracking().Where(o => o.Id >= first).OrderBy(o => o.Id).Take(10)
            .Include(o => o.Customer).Include(o => o.Lines.OrderBy(l => l.Id)).AsSplitQuery().ToListAsync();
        return Results.Ok(orders.ConvertAll(o => new Order(
            o.Id, o.PlacedAt, o.Total, new Customer(o.Customer.Id, o.Customer.Name, o.Customer.City),
            o.Lines.ConvertAll(l => new OrderLine(l.Id, l.ItemId, l.Quantity, l.Price)))));
    }

    private static async Task<IResult> AddItem(FloorContext db, Connections connections, TimeProvider time, NewItem item)
    {
        var entity = new ItemEntity
        {
            Name = item.Name,
            CategoryId = item.CategoryId,
            Owner = item.Owner,
            Price = Stored.Money(Stored.Cents(item.Price)),
            Stock = item.Stock,
            Active = item.Active,
            CreatedAt = Stored.Instant(Stored.Micros(time.GetUtcNow())),
            Note = item.Note,
        };
        await connections.WriteGate.WaitAsync();
        try
        {
            await OpenForWriting(db, connections);
            db.Items.Add(entity);
            await db.SaveChangesAsync();
        }
        finally
        {
            connections.WriteGate.Release();
        }

        return Results.Created((string?)null, new List<Item> { entity.ToItem() });
    }

    private static async Task<IResult> ChangeStock(FloorContext db, Connections connections, string id, StockChange change)
    {
        if (!Filter.TryEqual(id, out var key))
        {
            return Results.BadRequest();
        }

        await connections.WriteGate.WaitAsync();
        try
        {
            await OpenForWriting(db, connections);
            var entity = await db.Items.SingleOrDefaultAsync(i => i.Id == key);
            if (entity is null)
            {
                return Results.Ok(new List<Item>());
            }

            entity.Stock = change.Stock;
            await db.SaveChangesAsync();
            return Results.Ok(new List<Item> { entity.ToItem() });
        }
        finally
        {
            connections.WriteGate.Release();
        }
    }

    private static async Task OpenForWriting(FloorContext db, Connections connections)
    {
        await db.Database.OpenConnectionAsync();
        connections.Prepare((SqliteConnection)db.Database.GetDbConnection());
    }
}

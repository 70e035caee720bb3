using Dapper;
using Microsoft.AspNetCore.Mvc;

namespace Tenon.Benchmarks.Floor;

/// <summary>The same endpoints with Dapper.</summary>
internal static class DapperEndpoints
{
    private const string ItemColumns = """
        id as Id, name as Name, category_id as CategoryId, owner as Owner, price as Price, stock as Stock,
        active as Active, created_at as CreatedAt, note as Note
        """;

    public static void Map(WebApplication app)
    {
        app.MapGet("/rest/v1/items", GetItems);
        app.MapGet("/rest/v1/orders", GetOrders);
        app.MapPost("/rest/v1/items", AddItem);
        app.MapPatch("/rest/v1/items", ChangeStock);
    }

    private static IResult GetItems(
        Connections connections, string? id, [FromQuery(Name = "category_id")] string? category, string? price)
    {
        using var connection = connections.Open();
        if (Filter.TryEqual(id, out var key))
        {
            var rows = connection.Query<Row>($"select {ItemColumns} from items where id = @key", new { key });
            return Results.Ok(rows.Select(r => r.ToItem()).ToList());
        }

        if (!Filter.TryEqual(category, out var categoryId) || !Filter.TryAtLeast(price, out var atLeast))
        {
            return Results.BadRequest();
        }

        var summaries = connection.Query<Row>(
            """
            select id as Id, name as Name, price as Price, active as Active, created_at as CreatedAt from items
            where category_id = @categoryId and price >= @cents order by price desc, id limit 20
            """,
            new { categoryId, cents = atLeast * 100 });
        return Results.Ok(summaries.Select(r => r.ToSummary()).ToList());
    }

    private static IResult GetOrders(Connections connections, string? id)
    {
        if (!Filter.TryAtLeast(id, out var first))
        {
            return Results.BadRequest();
        }

        using var connection = connections.Open();
        var orders = connection.Query<OrderRecord>(
            """
            select o.id as Id, o.placed_at as PlacedAt, o.total as Total,
                   c.id as CustomerId, c.name as Name, c.city as City
            from orders o join customers c on c.id = o.customer_id
            where o.id >= @first order by o.id limit 10
            """,
            new { first }).Select(r => r.ToOrder()).ToList();
        var lines = connection.Query<LineRecord>(
            """
            select order_id as OrderId, id as Id, item_id as ItemId, quantity as Quantity, price as Price
            from order_lines where order_id in @ids order by order_id, id
            """,
            new { ids = orders.Select(o => o.Id) }).ToLookup(l => l.OrderId, l => l.ToLine());
        foreach (var order in orders)
        {
            order.Lines.AddRange(lines[order.Id]);
        }

        return Results.Ok(orders);
    }

    private static async Task<IResult> AddItem(Connections connections, TimeProvider time, NewItem item)
    {
        await connections.WriteGate.WaitAsync();
        try
        {
            using var connection = connections.OpenForWriting();
            var row = connection.QuerySingle<Row>(
                $"""
                insert into items (name, category_id, owner, price, stock, active, created_at, note)
                values (@Name, @CategoryId, @Owner, @Price, @Stock, @Active, @Created, @Note) returning {ItemColumns}
                """,
                new
                {
                    item.Name, item.CategoryId, Owner = item.Owner.ToString(), Price = Stored.Cents(item.Price),
                    item.Stock, item.Active, Created = Stored.Micros(time.GetUtcNow()), item.Note,
                });
            return Results.Created((string?)null, new List<Item> { row.ToItem() });
        }
        finally
        {
            connections.WriteGate.Release();
        }
    }

    private static async Task<IResult> ChangeStock(Connections connections, string id, StockChange change)
    {
        if (!Filter.TryEqual(id, out var key))
        {
            return Results.BadRequest();
        }

        await connections.WriteGate.WaitAsync();
        try
        {
            using var connection = connections.OpenForWriting();
            var rows = connection.Query<Row>(
                $"update items set stock = @Stock where id = @key returning {ItemColumns}", new { change.Stock, key });
            return Results.Ok(rows.Select(r => r.ToItem()).ToList());
        }
        finally
        {
            connections.WriteGate.Release();
        }
    }

    // Dapper fills these by name; SQLite's integers come as they are stored.
    private sealed class Row
    {
        public long Id { get; set; }
        public string Name { get; set; } = "";
        public long CategoryId { get; set; }
        public string Owner { get; set; } = "";
        public long Price { get; set; }
        public int Stock { get; set; }
        public bool Active { get; set; }
        public long CreatedAt { get; set; }
        public string? Note { get; set; }

        public Item ToItem() => new(
            Id, Name, CategoryId, Guid.Parse(Owner), Stored.Money(Price), Stock, Active, Stored.Instant(CreatedAt), Note);

        public ItemSummary ToSummary() => new(Id, Name, Stored.Money(Price), Active, Stored.Instant(CreatedAt));
    }

    private sealed class OrderRecord
    {
        public long Id { get; set; }
        public long PlacedAt { get; set; }
        public long Total { get; set; }
        public long CustomerId { get; set; }
        public string Name { get; set; } = "";
        public string City { get; set; } = "";

        public Order ToOrder() => new(
            Id, Stored.Instant(PlacedAt), Stored.Money(Total), new Customer(CustomerId, Name, City), []);
    }

    private sealed class LineRecord
    {
        public long OrderId { get; set; }
        public long Id { get; set; }
        public long ItemId { get; set; }
        public int Quantity { get; set; }
        public long Price { get; set; }

        public OrderLine ToLine() => new(Id, ItemId, Quantity, Stored.Money(Price));
    }
}

using Dapper;
using Microsoft.AspNetCore.Mvc;
using Npgsql;

namespace Tenon.Benchmarks.Floor.Postgres;

/// <summary>The same endpoints with Dapper.</summary>
internal static class PostgresDapper
{
    private const string ItemColumns = """
        id as Id, name as Name, category_id as CategoryId, owner as Owner, price as Price, stock as Stock,
        active as Active, created_at as CreatedAt, note as Note
        """;

    public static void Map(WebApplication app)
    {
        app.MapGet("/rest/v1/items", GetItemsAsync);
        app.MapGet("/rest/v1/orders", GetOrdersAsync);
        app.MapPost("/rest/v1/items", AddItemAsync);
        app.MapPatch("/rest/v1/items", ChangeStockAsync);
    }

    private static async Task<IResult> GetItemsAsync(
        NpgsqlDataSource database, string? id, [FromQuery(Name = "category_id")] string? category, string? price)
    {
        await using var connection = await database.OpenConnectionAsync();
        if (Filter.TryEqual(id, out var key))
        {
            var rows = await connection.QueryAsync<Row>($"select {ItemColumns} from items where id = @key", new { key });
            return Results.Ok(rows.Select(r => r.ToItem()).ToList());
        }

        if (!Filter.TryEqual(category, out var categoryId) || !Filter.TryAtLeast(price, out var atLeast))
        {
            return Results.BadRequest();
        }

        var summaries = await connection.QueryAsync<Row>(
            """
            select id as Id, name as Name, price as Price, active as Active, created_at as CreatedAt from items
            where category_id = @categoryId and price >= @least order by price desc, id limit 20
            """,
            new { categoryId, least = (decimal)atLeast });
        return Results.Ok(summaries.Select(r => new ItemSummary(r.Id, r.Name, r.Price, r.Active, r.CreatedAt)).ToList());
    }

    private static async Task<IResult> GetOrdersAsync(NpgsqlDataSource database, string? id)
    {
        if (!Filter.TryAtLeast(id, out var first))
        {
            return Results.BadRequest();
        }

        await using var connection = await database.OpenConnectionAsync();
        var orders = (await connection.QueryAsync<OrderRecord>(
            """
            select o.id as Id, o.placed_at as PlacedAt, o.total as Total,
                   c.id as CustomerId, c.name as Name, c.city as City
            from orders o join customers c on c.id = o.customer_id
            where o.id >= @first order by o.id limit 10
            """,
            new { first })).Select(r => new Order(r.Id, r.PlacedAt, r.Total, new Customer(r.CustomerId, r.Name, r.City), [])).ToList();
        var lines = (await connection.QueryAsync<LineRecord>(
            """
            select order_id as OrderId, id as Id, item_id as ItemId, quantity as Quantity, price as Price
            from order_lines where order_id = any(@ids) order by order_id, id
            """,
            new { ids = orders.Select(o => o.Id).ToArray() })).ToLookup(l => l.OrderId, l => new OrderLine(l.Id, l.ItemId, l.Quantity, l.Price));
        foreach (var order in orders)
        {
            order.Lines.AddRange(lines[order.Id]);
        }

        return Results.Ok(orders);
    }

    private static async Task<IResult> AddItemAsync(NpgsqlDataSource database, NewItem item)
    {
        await using var connection = await database.OpenConnectionAsync();
        var row = await connection.QuerySingleAsync<Row>(
            $"""
            insert into items (name, category_id, owner, price, stock, active, note)
            values (@Name, @CategoryId, @Owner, @Price, @Stock, @Active, @Note) returning {ItemColumns}
            """,
            item);
        return Results.Created((string?)null, new List<Item> { row.ToItem() });
    }

    private static async Task<IResult> ChangeStockAsync(NpgsqlDataSource database, string id, StockChange change)
    {
        if (!Filter.TryEqual(id, out var key))
        {
            return Results.BadRequest();
        }

        await using var connection = await database.OpenConnectionAsync();
        var rows = await connection.QueryAsync<Row>(
            $"update items set stock = @Stock where id = @key returning {ItemColumns}", new { change.Stock, key });
        return Results.Ok(rows.Select(r => r.ToItem()).ToList());
    }

    // Dapper fills these by name.
    private sealed class Row
    {
        public long Id { get; set; }
        public string Name { get; set; } = "";
        public long CategoryId { get; set; }
        public Guid Owner { get; set; }
        public decimal Price { get; set; }
        public int Stock { get; set; }
        public bool Active { get; set; }
        public DateTime CreatedAt { get; set; }
        public string? Note { get; set; }

        public Item ToItem() => new(Id, Name, CategoryId, Owner, Price, Stock, Active, CreatedAt, Note);
    }

    private sealed class OrderRecord
    {
        public long Id { get; set; }
        public DateTime PlacedAt { get; set; }
        public decimal Total { get; set; }
        public long CustomerId { get; set; }
        public string Name { get; set; } = "";
        public string City { get; set; } = "";
    }

    private sealed class LineRecord
    {
        public long OrderId { get; set; }
        public long Id { get; set; }
        public long ItemId { get; set; }
        public int Quantity { get; set; }
        public decimal Price { get; set; }
    }
}

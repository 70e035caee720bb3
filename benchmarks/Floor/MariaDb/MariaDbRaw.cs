using Microsoft.AspNetCore.Mvc;
using MySqlConnector;

namespace Tenon.Benchmarks.Floor.MariaDb;

/// <summary>MySqlConnector by hand: a command per request, rows into DTOs, source-generated JSON.</summary>
internal static class MariaDbRaw
{
    private const string ItemColumns = "id, name, category_id, owner, price, stock, active, created_at, note";

    public static void Map(WebApplication app)
    {
        app.MapGet("/rest/v1/items", GetItemsAsync);
        app.MapGet("/rest/v1/orders", GetOrdersAsync);
        app.MapPost("/rest/v1/items", AddItemAsync);
        app.MapPatch("/rest/v1/items", ChangeStockAsync);
    }

    private static async Task<IResult> GetItemsAsync(
        MySqlDataSource database, string? id, [FromQuery(Name = "category_id")] string? category, string? price)
    {
        await using var connection = await database.OpenConnectionAsync();
        if (Filter.TryEqual(id, out var key))
        {
            return Results.Ok(await ItemByIdAsync(connection, null, key));
        }

        return Filter.TryEqual(category, out var categoryId) && Filter.TryAtLeast(price, out var atLeast)
            ? Results.Ok(await ItemsOfAsync(connection, categoryId, atLeast))
            : Results.BadRequest();
    }

    private static async Task<List<Item>> ItemByIdAsync(MySqlConnection connection, MySqlTransaction? transaction, long id)
    {
        await using var command = new MySqlCommand($"select {ItemColumns} from items where id = @id", connection, transaction);
        command.Parameters.AddWithValue("@id", id);
        return await ReadItemsAsync(command);
    }

    private static async Task<List<Item>> ReadItemsAsync(MySqlCommand command)
    {
        var items = new List<Item>();
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            items.Add(new Item(
                row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetGuid(3), row.GetDecimal(4), row.GetInt32(5),
                row.GetBoolean(6), Instant(row, 7), row.IsDBNull(8) ? null : row.GetString(8)));
        }

        return items;
    }

    private static DateTimeOffset Instant(MySqlDataReader row, int column) => new(row.GetDateTime(column), TimeSpan.Zero);

    private static async Task<List<ItemSummary>> ItemsOfAsync(MySqlConnection connection, long category, long atLeast)
    {
        await using var command = new MySqlCommand(
            """
            select id, name, price, active, created_at from items
            where category_id = @category and price >= @price order by price desc, id limit 20
            """, connection);
        command.Parameters.AddWithValue("@category", category);
        command.Parameters.AddWithValue("@price", (decimal)atLeast);
        var items = new List<ItemSummary>(20);
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            items.Add(new ItemSummary(row.GetInt64(0), row.GetString(1), row.GetDecimal(2), row.GetBoolean(3), Instant(row, 4)));
        }

        return items;
    }

    private static async Task<IResult> GetOrdersAsync(MySqlDataSource database, string? id)
    {
        if (!Filter.TryAtLeast(id, out var first))
        {
            return Results.BadRequest();
        }

        await using var connection = await database.OpenConnectionAsync();
        var orders = await ReadOrdersAsync(connection, first);
        await AddLinesAsync(connection, orders);
        return Results.Ok(orders);
    }

    private static async Task<List<Order>> ReadOrdersAsync(MySqlConnection connection, long first)
    {
        await using var command = new MySqlCommand(
            """
            select o.id, o.placed_at, o.total, c.id, c.name, c.city
            from orders o join customers c on c.id = o.customer_id
            where o.id >= @first order by o.id limit 10
            """, connection);
        command.Parameters.AddWithValue("@first", first);
        var orders = new List<Order>(10);
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            orders.Add(new Order(
                row.GetInt64(0), Instant(row, 1), row.GetDecimal(2), new Customer(row.GetInt64(3), row.GetString(4), row.GetString(5)), []));
        }

        return orders;
    }

    private static async Task AddLinesAsync(MySqlConnection connection, List<Order> orders)
    {
        // MariaDB takes no limit inside "in (select …)", so the keys are named.
        var names = string.Join(", ", orders.Select((_, i) => "@k" + i));
        await using var command = new MySqlCommand(
            $"select order_id, id, item_id, quantity, price from order_lines where order_id in ({names}) order by order_id, id", connection);
        for (var i = 0; i < orders.Count; i++)
        {
            command.Parameters.AddWithValue("@k" + i, orders[i].Id);
        }

        await using var row = await command.ExecuteReaderAsync();
        var at = 0;
        while (await row.ReadAsync())
        {
            var orderId = row.GetInt64(0);
            while (orders[at].Id != orderId)
            {
                at++;
            }

            orders[at].Lines.Add(new OrderLine(row.GetInt64(1), row.GetInt64(2), row.GetInt32(3), row.GetDecimal(4)));
        }
    }

    private static async Task<IResult> AddItemAsync(MySqlDataSource database, NewItem item)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var command = new MySqlCommand(
            $"""
            insert into items (name, category_id, owner, price, stock, active, note)
            values (@name, @category, @owner, @price, @stock, @active, @note) returning {ItemColumns}
            """, connection);
        command.Parameters.AddWithValue("@name", item.Name);
        command.Parameters.AddWithValue("@category", item.CategoryId);
        command.Parameters.AddWithValue("@owner", item.Owner.ToString());
        command.Parameters.AddWithValue("@price", item.Price);
        command.Parameters.AddWithValue("@stock", item.Stock);
        command.Parameters.AddWithValue("@active", item.Active);
        command.Parameters.AddWithValue("@note", (object?)item.Note ?? DBNull.Value);
        return Results.Created((string?)null, await ReadItemsAsync(command));
    }

    // MariaDB has no "update … returning": the row is read in the same transaction.
    private static async Task<IResult> ChangeStockAsync(MySqlDataSource database, string id, StockChange change)
    {
        if (!Filter.TryEqual(id, out var key))
        {
            return Results.BadRequest();
        }

        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var command = new MySqlCommand("update items set stock = @stock where id = @id", connection, transaction))
        {
            command.Parameters.AddWithValue("@stock", change.Stock);
            command.Parameters.AddWithValue("@id", key);
            await command.ExecuteNonQueryAsync();
        }

        var items = await ItemByIdAsync(connection, transaction, key);
        await transaction.CommitAsync();
        return Results.Ok(items);
    }
}

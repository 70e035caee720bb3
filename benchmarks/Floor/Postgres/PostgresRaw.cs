using Microsoft.AspNetCore.Mvc;
using Npgsql;

namespace Tenon.Benchmarks.Floor.Postgres;

/// <summary>Npgsql by hand: a command per request, prepared by the driver, rows into DTOs, source-generated JSON.</summary>
internal static class PostgresRaw
{
    public const string ItemColumns = "id, name, category_id, owner, price, stock, active, created_at, note";

    public static void Map(WebApplication app)
    {
        app.MapGet("/rest/v1/items", GetItemsAsync);
        app.MapGet("/rest/v1/orders", GetOrdersAsync);
        app.MapGet("/rest/v1/customers", GetCustomersAsync);
        app.MapPost("/rest/v1/items", AddItemAsync);
        app.MapPatch("/rest/v1/items", ChangeStockAsync);
    }

    private static async Task<IResult> GetItemsAsync(
        NpgsqlDataSource database, string? id, [FromQuery(Name = "category_id")] string? category, string? price)
    {
        if (Filter.TryEqual(id, out var key))
        {
            await using var command = database.CreateCommand($"select {ItemColumns} from items where id = $1");
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = key });
            return Results.Ok(await ReadItemsAsync(command));
        }

        return Filter.TryEqual(category, out var categoryId) && Filter.TryAtLeast(price, out var atLeast)
            ? Results.Ok(await ItemsOfAsync(database, categoryId, atLeast))
            : Results.BadRequest();
    }

    private static async Task<List<Item>> ReadItemsAsync(NpgsqlCommand command)
    {
        var items = new List<Item>();
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            items.Add(new Item(
                row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetGuid(3), row.GetDecimal(4), row.GetInt32(5),
                row.GetBoolean(6), row.GetFieldValue<DateTimeOffset>(7), row.IsDBNull(8) ? null : row.GetString(8)));
        }

        return items;
    }

    private static async Task<List<ItemSummary>> ItemsOfAsync(NpgsqlDataSource database, long category, long atLeast)
    {
        await using var command = database.CreateCommand(
            """
            select id, name, price, active, created_at from items
            where category_id = $1 and price >= $2 order by price desc, id limit 20
            """);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = category });
        command.Parameters.Add(new NpgsqlParameter<decimal> { TypedValue = atLeast });
        var items = new List<ItemSummary>(20);
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            items.Add(new ItemSummary(
                row.GetInt64(0), row.GetString(1), row.GetDecimal(2), row.GetBoolean(3), row.GetFieldValue<DateTimeOffset>(4)));
        }

        return items;
    }

    private static async Task<IResult> GetOrdersAsync(NpgsqlDataSource database, string? id)
    {
        if (!Filter.TryAtLeast(id, out var first))
        {
            return Results.BadRequest();
        }

        await using var connection = await database.OpenConnectionAsync();
        var orders = await ReadOrdersAsync(connection, first);
        await AddLinesAsync(connection, orders, first);
        return Results.Ok(orders);
    }

    private static async Task<List<Order>> ReadOrdersAsync(NpgsqlConnection connection, long first)
    {
        await using var command = new NpgsqlCommand(
            """
            select o.id, o.placed_at, o.total, c.id, c.name, c.city
            from orders o join customers c on c.id = o.customer_id
            where o.id >= $1 order by o.id limit 10
            """, connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = first });
        var orders = new List<Order>(10);
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            orders.Add(new Order(
                row.GetInt64(0), row.GetFieldValue<DateTimeOffset>(1), row.GetDecimal(2),
                new Customer(row.GetInt64(3), row.GetString(4), row.GetString(5)), []));
        }

        return orders;
    }

    private static async Task AddLinesAsync(NpgsqlConnection connection, List<Order> orders, long first)
    {
        await using var command = new NpgsqlCommand(
            """
            select order_id, id, item_id, quantity, price from order_lines
            where order_id in (select id from orders where id >= $1 order by id limit 10) order by order_id, id
            """, connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = first });
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

    private static async Task<IResult> GetCustomersAsync(NpgsqlDataSource database, int limit)
    {
        await using var connection = await database.OpenConnectionAsync();
        var customers = new List<CustomerOrders>(limit);
        await using (var command = new NpgsqlCommand("select id, name from customers order by id limit $1", connection))
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
            await using var row = await command.ExecuteReaderAsync();
            while (await row.ReadAsync())
            {
                customers.Add(new CustomerOrders(row.GetInt64(0), row.GetString(1), []));
            }
        }

        await using var orders = new NpgsqlCommand(
            "select customer_id, id, placed_at, total from orders where customer_id = any($1) order by customer_id, id", connection);
        orders.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. customers.Select(c => c.Id)] });
        await using var order = await orders.ExecuteReaderAsync();
        var at = 0;
        while (await order.ReadAsync())
        {
            var customerId = order.GetInt64(0);
            while (customers[at].Id != customerId)
            {
                at++;
            }

            customers[at].Orders.Add(new OrderSummary(order.GetInt64(1), order.GetFieldValue<DateTimeOffset>(2), order.GetDecimal(3)));
        }

        return Results.Ok(customers);
    }

    private static async Task<IResult> AddItemAsync(NpgsqlDataSource database, NewItem item)
    {
        await using var command = database.CreateCommand(
            $"""
            insert into items (name, category_id, owner, price, stock, active, note)
            values ($1, $2, $3, $4, $5, $6, $7) returning {ItemColumns}
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = item.Name });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = item.CategoryId });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = item.Owner });
        command.Parameters.Add(new NpgsqlParameter<decimal> { TypedValue = item.Price });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = item.Stock });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = item.Active });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)item.Note ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        return Results.Created((string?)null, await ReadItemsAsync(command));
    }

    private static async Task<IResult> ChangeStockAsync(NpgsqlDataSource database, string id, StockChange change)
    {
        if (!Filter.TryEqual(id, out var key))
        {
            return Results.BadRequest();
        }

        await using var command = database.CreateCommand($"update items set stock = $1 where id = $2 returning {ItemColumns}");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = change.Stock });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = key });
        return Results.Ok(await ReadItemsAsync(command));
    }
}

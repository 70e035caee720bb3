using Microsoft.AspNetCore.Mvc;
using Microsoft.Data.Sqlite;

namespace Tenon.Benchmarks.Floor;

/// <summary>ADO.NET by hand: a command per request, rows into DTOs, source-generated JSON.</summary>
internal static class RawEndpoints
{
    public const string ItemColumns = "id, name, category_id, owner, price, stock, active, created_at, note";

    public static void Map(WebApplication app)
    {
        app.MapGet("/rest/v1/items", GetItems);
        app.MapGet("/rest/v1/orders", GetOrders);
        app.MapGet("/rest/v1/customers", GetCustomers);
        app.MapPost("/rest/v1/items", AddItem);
        app.MapPatch("/rest/v1/items", ChangeStock);
    }

    public static Item ReadItem(SqliteDataReader row) => new(
        row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetGuid(3), Stored.Money(row.GetInt64(4)),
        row.GetInt32(5), row.GetBoolean(6), Stored.Instant(row.GetInt64(7)), row.IsDBNull(8) ? null : row.GetString(8));

    private static IResult GetItems(
        Connections connections, string? id, [FromQuery(Name = "category_id")] string? category, string? price)
    {
        if (Filter.TryEqual(id, out var key))
        {
            return Results.Ok(ItemById(connections, key));
        }

        return Filter.TryEqual(category, out var categoryId) && Filter.TryAtLeast(price, out var atLeast)
            ? Results.Ok(ItemsOf(connections, categoryId, atLeast))
            : Results.BadRequest();
    }

    private static List<Item> ItemById(Connections connections, long id)
    {
        using var connection = connections.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"select {ItemColumns} from items where id = $id";
        command.Parameters.AddWithValue("$id", id);
        return ReadItems(command);
    }

    private static List<Item> ReadItems(SqliteCommand command)
    {
        var items = new List<Item>();
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            items.Add(ReadItem(row));
        }

        return items;
    }

    private static List<ItemSummary> ItemsOf(Connections connections, long category, long atLeast)
    {
        using var connection = connections.Open();
        using var command = connection.CreateCommand();
        command.CommandText = """
            select id, name, price, active, created_at from items
            where category_id = $category and price >= $price order by price desc, id limit 20
            """;
        command.Parameters.AddWithValue("$category", category);
        command.Parameters.AddWithValue("$price", atLeast * 100);
        var items = new List<ItemSummary>(20);
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            items.Add(new ItemSummary(
                row.GetInt64(0), row.GetString(1), Stored.Money(row.GetInt64(2)), row.GetBoolean(3),
                Stored.Instant(row.GetInt64(4))));
        }

        return items;
    }

    private static IResult GetOrders(Connections connections, string? id)
    {
        if (!Filter.TryAtLeast(id, out var first))
        {
            return Results.BadRequest();
        }

        using var connection = connections.Open();
        var orders = ReadOrders(connection, first);
        AddLines(connection, orders, first);
        return Results.Ok(orders);
    }

    private static List<Order> ReadOrders(SqliteConnection connection, long first)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            select o.id, o.placed_at, o.total, c.id, c.name, c.city
            from orders o join customers c on c.id = o.customer_id
            where o.id >= $first order by o.id limit 10
            """;
        command.Parameters.AddWithValue("$first", first);
        var orders = new List<Order>(10);
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            orders.Add(new Order(
                row.GetInt64(0), Stored.Instant(row.GetInt64(1)), Stored.Money(row.GetInt64(2)),
                new Customer(row.GetInt64(3), row.GetString(4), row.GetString(5)), []));
        }

        return orders;
    }

    private static void AddLines(SqliteConnection connection, List<Order> orders, long first)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            select order_id, id, item_id, quantity, price from order_lines
            where order_id in (select id from orders where id >= $first order by id limit 10) order by order_id, id
            """;
        command.Parameters.AddWithValue("$first", first);
        using var row = command.ExecuteReader();
        var at = 0;
        while (row.Read())
        {
            var orderId = row.GetInt64(0);
            while (orders[at].Id != orderId)
            {
                at++;
            }

            orders[at].Lines.Add(new OrderLine(
                row.GetInt64(1), row.GetInt64(2), row.GetInt32(3), Stored.Money(row.GetInt64(4))));
        }
    }

    private static IResult GetCustomers(Connections connections, int limit)
    {
        using var connection = connections.Open();
        var customers = new List<CustomerOrders>(limit);
        using (var command = connection.CreateCommand())
        {
            command.CommandText = "select id, name from customers order by id limit $limit";
            command.Parameters.AddWithValue("$limit", limit);
            using var row = command.ExecuteReader();
            while (row.Read())
            {
                customers.Add(new CustomerOrders(row.GetInt64(0), row.GetString(1), []));
            }
        }

        using var orders = connection.CreateCommand();
        orders.CommandText = """
            select customer_id, id, placed_at, total from orders
            where customer_id in (select id from customers order by id limit $limit) order by customer_id, id
            """;
        orders.Parameters.AddWithValue("$limit", limit);
        using var order = orders.ExecuteReader();
        var at = 0;
        while (order.Read())
        {
            var customerId = order.GetInt64(0);
            while (customers[at].Id != customerId)
            {
                at++;
            }

            customers[at].Orders.Add(new OrderSummary(order.GetInt64(1), Stored.Instant(order.GetInt64(2)), Stored.Money(order.GetInt64(3))));
        }

        return Results.Ok(customers);
    }

    private static async Task<IResult> AddItem(Connections connections, TimeProvider time, NewItem item)
    {
        await connections.WriteGate.WaitAsync();
        try
        {
            using var connection = connections.OpenForWriting();
            using var command = connection.CreateCommand();
            command.CommandText = $"""
                insert into items (name, category_id, owner, price, stock, active, created_at, note)
                values ($name, $category, $owner, $price, $stock, $active, $created, $note) returning {ItemColumns}
                """;
            command.Parameters.AddWithValue("$name", item.Name);
            command.Parameters.AddWithValue("$category", item.CategoryId);
            command.Parameters.AddWithValue("$owner", item.Owner.ToString());
            command.Parameters.AddWithValue("$price", Stored.Cents(item.Price));
            command.Parameters.AddWithValue("$stock", item.Stock);
            command.Parameters.AddWithValue("$active", item.Active);
            command.Parameters.AddWithValue("$created", Stored.Micros(time.GetUtcNow()));
            command.Parameters.AddWithValue("$note", (object?)item.Note ?? DBNull.Value);
            return Results.Created((string?)null, ReadItems(command));
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
            using var command = connection.CreateCommand();
            command.CommandText = $"update items set stock = $stock where id = $id returning {ItemColumns}";
            command.Parameters.AddWithValue("$stock", change.Stock);
            command.Parameters.AddWithValue("$id", key);
            return Results.Ok(ReadItems(command));
        }
        finally
        {
            connections.WriteGate.Release();
        }
    }
}

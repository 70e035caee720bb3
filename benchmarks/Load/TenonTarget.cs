using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace Tenon.Benchmarks.Load;

/// <summary>Tenon serving a copy of benchmarks/app, with settings of its own laid over the file's.</summary>
internal sealed class TenonTarget(string name, string assembly, string app, params (string Key, string Value)[] settings) : Target(name)
{
    // Below one mebibyte a request, the default limit of a body.
    private const int Batch = 4_000;

    private const string ItemColumns = "id,name,category_id,owner,price,stock,active,created_at,note";

    protected override ProcessStartInfo Command() => Cli("serve", app, "--port", Port.ToString(CultureInfo.InvariantCulture));

    // Before the rows are there, an empty answer is a start as well; the measured start happens with all rows.
    protected override byte[] FirstRequest { get; } = Encoding.ASCII.GetBytes(
        $"GET /rest/v1/items?id=eq.1 HTTP/1.1\r\nHost: 127.0.0.1\r\napikey: {Tokens.Anon}\r\n\r\n");

    /// <summary>Copies the app, applies the migrations and writes the rows through the API with the service key.</summary>
    public static void Prepare(string sourceApp, string app, string assembly, Dataset data, string logDirectory)
    {
        CopyApp(sourceApp, app);
        using var target = new TenonTarget("tenon-load", assembly, app, ("TENON__DB__SYNCHRONOUS", "normal"));
        target.Migrate();
        target.Start(logDirectory);
        target.Load(data);
        target.Shutdown();
    }

    public void Migrate()
    {
        using var migrate = Process.Start(Cli("migrate", "up", app))!;
        migrate.WaitForExit();
        if (migrate.ExitCode != 0)
        {
            throw new InvalidOperationException("tenon migrate up failed");
        }
    }

    public static void CopyApp(string from, string to)
    {
        var files = Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories);
        foreach (var file in files.Where(f => !f.Contains("/.tenon/", StringComparison.Ordinal)))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }
    }

    private ProcessStartInfo Cli(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet");
        start.ArgumentList.Add(assembly);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (key, value) in ((string, string)[])
        [
            ("JWT_SECRET", Tokens.Secret), ("ANON_KEY", Tokens.Anon), ("SERVICE_ROLE_KEY", Tokens.Service),
            ("PUBLISHABLE_KEY", "sb_publishable_benchmarks_only_0000"), ("SECRET_KEY", "sb_secret_benchmarks_only_00000000"),
            ("TENON_ENCRYPTION_KEY", Convert.ToBase64String(Encoding.ASCII.GetBytes("benchmarks-only-key-of-32-bytes!"))),
            ("TENON__SERVER__PUBLIC_URL", $"http://127.0.0.1:{Port}"), ("TENON__SERVER__HOST", "127.0.0.1"),
            .. settings,
        ])
        {
            start.Environment[key] = value;
        }

        return start;
    }

    private void Load(Dataset data)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port}") };
        client.DefaultRequestHeaders.Add("apikey", Tokens.Service);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Tokens.Service);
        client.DefaultRequestHeaders.Add("Prefer", "return=minimal");
        Send(client, "categories", "id,name", 0, Dataset.Categories, (csv, id) =>
            csv.Append(id).Append(',').Append(Dataset.Category(id)));
        Send(client, "customers", "id,name,city", 1, Dataset.Customers, (csv, id) =>
            csv.Append(id).Append(',').Append(Dataset.CustomerName(id)).Append(',').Append(Dataset.CustomerCity(id)));
        Send(client, "items", ItemColumns, 1, data.Items, AddItem);
        Send(client, "orders", "id,customer_id,placed_at,total", 1, Dataset.Orders, AddOrder);
        Send(client, "order_lines", "id,order_id,item_id,quantity,price", 1, Dataset.Orders * Dataset.LinesPerOrder, (csv, id) =>
        {
            var r = data.OrderLine(id);
            csv.Append(CultureInfo.InvariantCulture, $"{r.Id},{r.OrderId},{r.ItemId},{r.Quantity},{Money(r.PriceCents)}");
        });
    }

    private static void Send(
        HttpClient client, string table, string columns, long first, long last, Action<StringBuilder, long> append)
    {
        for (var from = first; from <= last; from += Batch)
        {
            var csv = new StringBuilder(columns).Append('\n');
            for (var id = from; id <= Math.Min(last, from + Batch - 1); id++)
            {
                append(csv, id);
                csv.Append('\n');
            }

            using var content = new StringContent(csv.ToString(), Encoding.UTF8, "text/csv");
            using var answer = client.PostAsync("/rest/v1/" + table, content).GetAwaiter().GetResult();
            if (!answer.IsSuccessStatusCode)
            {
                var text = answer.Content.ReadAsStringAsync().GetAwaiter().GetResult();
                throw new InvalidOperationException($"loading {table}: {(int)answer.StatusCode} {text}");
            }
        }
    }

    private static void AddItem(StringBuilder csv, long id)
    {
        var r = Dataset.Item(id);
        csv.Append(CultureInfo.InvariantCulture,
            $"{r.Id},{Quoted(r.Name)},{r.CategoryId},{r.Owner},{Money(r.PriceCents)},{r.Stock},{(r.Active ? "true" : "false")}," +
            $"{Instant(r.CreatedMicros)},{(r.Note is null ? "NULL" : Quoted(r.Note))}");
    }

    private static void AddOrder(StringBuilder csv, long id)
    {
        var r = Dataset.Order(id);
        csv.Append(CultureInfo.InvariantCulture, $"{r.Id},{r.CustomerId},{Instant(r.PlacedMicros)},{Money(r.TotalCents)}");
    }

    private static string Quoted(string text) => '"' + text.Replace("\"", "\"\"", StringComparison.Ordinal) + '"';

    private static string Money(long cents) => string.Create(CultureInfo.InvariantCulture, $"{cents / 100}.{cents % 100:00}");

    private static string Instant(long micros) =>
        DateTimeOffset.UnixEpoch.AddTicks(micros * 10).ToString("yyyy-MM-ddTHH:mm:ss.ffffff'+00:00'", CultureInfo.InvariantCulture);
}

// The floor of the benchmark: the endpoints a good C# developer would write by hand for exactly these queries.
// Floor load  --db DATABASE --rows N                                   writes the rows
// Floor serve --db DATABASE --port N --variant raw|dapper|efcore [--synchronous full|normal] [--jwt-secret TEXT]
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;
using MySqlConnector;
using Npgsql;
using Tenon.Benchmarks.Floor;
using Tenon.Benchmarks.Floor.MariaDb;
using Tenon.Benchmarks.Floor.Postgres;

SQLitePCL.Batteries_V2.Init();
var options = FloorOptions.Parse(args);
await using var postgres = options.PostgresConnection is { } toPostgres ? NpgsqlDataSource.Create(toPostgres) : null;
await using var mariaDb = options.MariaDbConnection is { } toMariaDb ? new MySqlDataSource(toMariaDb) : null;
if (options.Command == "load")
{
    await LoadAsync(options, postgres, mariaDb);
    return 0;
}

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.UseUrls($"http://127.0.0.1:{options.Port}");
builder.Services.ConfigureHttpJsonOptions(json =>
{
    json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
    json.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
    json.SerializerOptions.TypeInfoResolverChain.Insert(0, FloorJson.Default);
});
builder.Services.AddSingleton(TimeProvider.System);
AddDatabase(builder.Services, options, postgres, mariaDb);
if (options.JwtSecret is { } secret)
{
    AddJwt(builder.Services, secret);
}

var app = builder.Build();
if (options.JwtSecret is not null)
{
    app.UseAuthentication();
    app.UseAuthorization();
    OwnedEndpoints.Map(app);
}
else
{
    MapVariant(app, options);
}

app.Run();
return 0;

static async Task LoadAsync(FloorOptions options, NpgsqlDataSource? postgres, MySqlDataSource? mariaDb)
{
    if (postgres is not null)
    {
        await PostgresRows.LoadAsync(postgres, options.Rows);
    }
    else if (mariaDb is not null)
    {
        await MariaDbRows.LoadAsync(mariaDb, options.Rows);
    }
    else
    {
        DatabaseFile.Create(options.Database, options.Rows);
    }
}

static void AddDatabase(IServiceCollection services, FloorOptions options, NpgsqlDataSource? postgres, MySqlDataSource? mariaDb)
{
    if (postgres is not null)
    {
        services.AddSingleton(postgres);
        if (options.Variant == "efcore")
        {
            PostgresEf.AddServices(services, postgres);
        }
    }
    else if (mariaDb is not null)
    {
        services.AddSingleton(mariaDb);
    }
    else
    {
        var connections = new Connections(options.Database, options.Synchronous);
        services.AddSingleton(connections);
        if (options.Variant == "efcore")
        {
            EfEndpoints.AddServices(services, connections);
        }
    }
}

static void MapVariant(WebApplication app, FloorOptions options)
{
    var engine = options.PostgresConnection is not null ? "postgres" : options.MariaDbConnection is not null ? "mariadb" : "sqlite";
    switch ((engine, options.Variant))
    {
        case ("sqlite", "raw"): RawEndpoints.Map(app); break;
        case ("sqlite", "dapper"): DapperEndpoints.Map(app); break;
        case ("sqlite", "efcore"): EfEndpoints.Map(app); break;
        case ("postgres", "raw"): PostgresRaw.Map(app); break;
        case ("postgres", "dapper"): PostgresDapper.Map(app); break;
        case ("postgres", "efcore"): PostgresEf.Map(app); break;
        case ("mariadb", "raw"): MariaDbRaw.Map(app); break;
        default: throw new ArgumentException($"--variant {options.Variant}: there is none of this name for {engine}");
    }
}

static void AddJwt(IServiceCollection services, string secret)
{
    services.AddAuthorization();
    services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(jwt =>
    {
        jwt.MapInboundClaims = false;
        jwt.TokenValidationParameters = new TokenValidationParameters
        {
            IssuerSigningKey = new SymmetricSecurityKey(Encoding.UTF8.GetBytes(secret)),
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            ValidAudience = "authenticated",
            ValidateIssuer = false,
        };
    });
}

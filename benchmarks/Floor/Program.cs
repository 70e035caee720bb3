// The floor of the benchmark: the endpoints a good C# developer would write by hand for exactly these queries.
// Floor load  --db FILE --rows N                                   writes the database
// Floor serve --db FILE --port N --variant raw|dapper|efcore [--synchronous full|normal] [--jwt-secret TEXT]
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;
using Tenon.Benchmarks.Floor;

SQLitePCL.Batteries_V2.Init();
var options = FloorOptions.Parse(args);
if (options.Command == "load")
{
    DatabaseFile.Create(options.Database, options.Rows);
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
var connections = new Connections(options.Database, options.Synchronous);
builder.Services.AddSingleton(connections);
builder.Services.AddSingleton(TimeProvider.System);
if (options.JwtSecret is { } secret)
{
    AddJwt(builder.Services, secret);
}

if (options.Variant == "efcore")
{
    EfEndpoints.AddServices(builder.Services, connections);
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
    MapVariant(app, options.Variant);
}

app.Run();
return 0;

static void MapVariant(WebApplication app, string variant)
{
    switch (variant)
    {
        case "raw": RawEndpoints.Map(app); break;
        case "dapper": DapperEndpoints.Map(app); break;
        case "efcore": EfEndpoints.Map(app); break;
        default: throw new ArgumentException($"--variant {variant}: raw, dapper or efcore is expected");
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

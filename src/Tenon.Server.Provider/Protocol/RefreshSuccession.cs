using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using Tenon.Core.Errors;
using Tenon.Server.Provider.Stores;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace Tenon.Server.Provider.Protocol;

/// <summary>
/// A refresh token has one successor, however often it is shown within the reuse interval and by however many requests at
/// once: never a second branch (RFC 9700 §4.14.2). The successor's text is derived from the token it replaces, so it is
/// known again without being kept, and its unique key decides who makes it. Past the interval OpenIddict takes all back.
/// </summary>
internal sealed class RefreshSuccession(Auth.Keys keys)
{
    // As many swaps as a client can make within the interval without being a loop.
    private const int MostSteps = 100;
    private const string Replaces = "tenon.replaces";
    private readonly byte[] key = keys.Derive("provider refresh tokens");

    public static void Register(OpenIddictServerBuilder server)
    {
        On(server, Protection.CreateTokenEntry.Descriptor.Order - 500, static (succession, context) => succession.FindAsync(context));
        On(server, Protection.AttachTokenPayload.Descriptor.Order - 500, static (succession, context) => succession.NameAsync(context));
    }

    private static void On(OpenIddictServerBuilder server, int order, Func<RefreshSuccession, GenerateTokenContext, ValueTask> handle) =>
        server.AddEventHandler<GenerateTokenContext>(builder =>
            builder
                .UseInlineHandler(context =>
                    context.TokenType == TokenTypeIdentifiers.RefreshToken && context.Request?.IsRefreshTokenGrantType() == true
                        ? handle(Services(context).GetRequiredService<RefreshSuccession>(), context)
                        : default
                )
                .SetOrder(order)
        );

    private static IServiceProvider Services(GenerateTokenContext context) => context.Transaction.GetHttpRequest()!.HttpContext.RequestServices;

    /// <summary>The last successor of the token that was shown, if it is there already; else whose successor is to be made.</summary>
    private async ValueTask FindAsync(GenerateTokenContext context)
    {
        var shown = context.Transaction.GetProperty<ProcessAuthenticationContext>(typeof(ProcessAuthenticationContext).FullName!);
        var manager = Services(context).GetRequiredService<IOpenIddictTokenManager>();
        string? last = shown?.RefreshTokenPrincipal?.GetTokenId();
        for (int step = 0; last is not null && step < MostSteps; step++)
        {
            string text = SuccessorOf(last);
            if (await manager.FindByReferenceIdAsync(text) is not OAuthToken next)
            {
                context.Transaction.SetProperty(Replaces, last);
                return;
            }
            if (next.Status == Statuses.Valid)
            {
                (context.Token, context.CreateTokenEntry, context.PersistTokenPayload) = (text, false, false);
                return;
            }
            last = next.Status == Statuses.Redeemed ? next.Id.ToString("D") : null;
        }
        context.Reject(Errors.InvalidGrant, "The refresh token was used before.");
    }

    /// <summary>Keeps a new successor under its derived text. Where another request was first, that one's is the successor.</summary>
    private async ValueTask NameAsync(GenerateTokenContext context)
    {
        if (context.Transaction.GetProperty<string>(Replaces) is not { } replaced || !context.CreateTokenEntry)
        {
            return;
        }
        var manager = Services(context).GetRequiredService<IOpenIddictTokenManager>();
        string text = SuccessorOf(replaced);
        object made = (await manager.FindByIdAsync(context.Principal.GetTokenId()!))!;
        var descriptor = new OpenIddictTokenDescriptor();
        await manager.PopulateAsync(descriptor, made);
        (descriptor.Payload, descriptor.Principal, descriptor.ReferenceId) = (context.Token, context.Principal, text);
        try
        {
            await manager.UpdateAsync(made, descriptor);
        }
        catch (Exception e) when (e is OpenIddictExceptions.ValidationException || (e as TenonException)?.Error.Code == ErrorCodes.UniqueViolation)
        {
            await manager.DeleteAsync(made);
        }
        (context.Token, context.PersistTokenPayload) = (text, false);
    }

    private string SuccessorOf(string token) => Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(token)));
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tenon.Core.Errors;
using Tenon.Server.Auth.Account;
using Tenon.Server.Auth.Admin;
using Tenon.Server.Auth.Import;
using Tenon.Server.Auth.Mfa;
using Tenon.Server.Auth.OAuth;
using Tenon.Server.Auth.SignIn;
using Tenon.Server.Auth.WebAuthn;
using Tenon.Server.Hosting;
using Tenon.Sources;

namespace Tenon.Server.Auth;

/// <summary>
/// The routes of /auth/v1 and their one edge, where every refusal becomes an answer in GoTrue's shape. Each call is a class
/// that reads the request, passes its gates in order and writes the answer.
/// </summary>
internal sealed class AuthEndpoints(IServiceProvider services, AuthOptions options, TimeProvider clock, ILogger<AuthEndpoints> logger)
{
    private static readonly string[] AllVerbs = ["GET", "POST", "PUT", "PATCH", "DELETE"];

    public void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder auth = routes.MapGroup("/auth/v1");
        MapKeys(auth);
        if (!options.Enabled)
        {
            auth.MapMethods("/{**rest}", AllVerbs, Edge(_ => throw AuthErrors.SwitchedOff.ToException()));
            return;
        }
        MapInfo(auth);
        On(auth, "POST", "/signup", services.GetRequiredService<SignUp>().HandleAsync);
        On(auth, "POST", "/token", TokenAsync);
        var oneTime = services.GetRequiredService<OneTimeSignIn>();
        On(auth, "POST", "/otp", oneTime.OtpAsync);
        On(auth, "POST", "/magiclink", oneTime.MagicLinkAsync);
        var recover = services.GetRequiredService<Recover>();
        On(auth, "POST", "/recover", recover.RecoverAsync);
        On(auth, "POST", "/resend", recover.ResendAsync);
        var verify = services.GetRequiredService<Verify>();
        On(auth, "POST", "/verify", verify.PostAsync);
        On(auth, "GET", "/verify", verify.GetAsync);

        var user = services.GetRequiredService<UserUpdate>();
        On(auth, "GET", "/user", user.GetAsync);
        On(auth, "PUT", "/user", user.PutAsync);
        On(auth, "GET", "/reauthenticate", services.GetRequiredService<Reauthenticate>().HandleAsync);
        On(auth, "POST", "/logout", services.GetRequiredService<Logout>().HandleAsync);
        var sessions = services.GetRequiredService<SessionList>();
        On(auth, "GET", "/sessions", sessions.GetAsync);
        On(auth, "DELETE", "/sessions/{id}", sessions.DeleteAsync);

        MapPackages(auth);
        MapExternal(auth);
        MapFactors(auth);
        MapPasskeys(auth);

        MapAdmin(auth);
        MapOurOwn(auth);
        MapEnvironment(auth);
        MapNotBuilt(auth);
    }

    private void MapAdmin(RouteGroupBuilder auth)
    {
        var admin = services.GetRequiredService<AdminUsers>();
        On(auth, "POST", "/invite", services.GetRequiredService<Invite>().HandleAsync);
        On(auth, "POST", "/admin/generate_link", services.GetRequiredService<GenerateLink>().HandleAsync);
        On(auth, "GET", "/admin/users", services.GetRequiredService<AdminUserList>().HandleAsync);
        On(auth, "GET", "/admin/audit", services.GetRequiredService<AdminAudit>().HandleAsync);
        On(auth, "GET", "/admin/audit/verify", services.GetRequiredService<AdminAuditCheck>().HandleAsync);
        On(auth, "POST", "/admin/users", admin.CreateAsync);
        On(auth, "GET", "/admin/users/{id}", admin.GetAsync);
        On(auth, "PUT", "/admin/users/{id}", admin.UpdateAsync);
        On(auth, "DELETE", "/admin/users/{id}", admin.DeleteAsync);
    }

    private void MapInfo(RouteGroupBuilder auth)
    {
        var info = services.GetRequiredService<ServerInfo>();
        On(auth, "GET", "/health", info.HealthAsync);
        On(auth, "GET", "/settings", info.SettingsAsync);
        On(auth, "GET", "/.well-known/jwks.json", info.JwksAsync);
    }

    private void MapNotBuilt(RouteGroupBuilder auth)
    {
        foreach ((string path, string feature) in NotBuilt.Routes)
        {
            AuthError error = AuthErrors.NotBuilt(feature);
            auth.MapMethods(path, AllVerbs, Edge(_ => throw error.ToException()));
        }
        auth.MapMethods("/{**rest}", AllVerbs, Edge(_ => throw AuthErrors.NoSuchRoute.ToException()));
    }

    // Without a package that brings the identity provider, its routes say so.
    private void MapPackages(RouteGroupBuilder auth)
    {
        AuthPackage[] packages = [.. services.GetServices<AuthPackage>()];
        foreach (AuthPackage package in packages)
        {
            package.Map(services, (verb, path, handler) => On(auth, verb, path, handler));
        }
        if (!packages.Any(package => package.Replaces.Contains(ServerInfo.DiscoveryPath)))
        {
            On(auth, "GET", ServerInfo.DiscoveryPath, services.GetRequiredService<ServerInfo>().DiscoveryAsync);
            foreach (string path in NotBuilt.ProviderRoutes)
            {
                auth.MapMethods(path, AllVerbs, Edge(_ => throw AuthErrors.OAuthServerDisabled.ToException()));
            }
        }
    }

    // A server without a main database of its own (tests of sign-in) is no environment.
    private void MapEnvironment(RouteGroupBuilder auth)
    {
        if (services.GetService<AdminEnvironment>() is { } environment)
        {
            On(auth, "GET", "/admin/environment", environment.GetAsync);
            On(auth, "PATCH", "/admin/environment", environment.PatchAsync);
        }
    }

    // API keys are the data API's too: they stay where sign-in is switched off.
    private void MapKeys(RouteGroupBuilder auth)
    {
        On(auth, "GET", "/admin/proof", services.GetRequiredService<AdminProof>().HandleAsync);
        var keys = services.GetRequiredService<AdminKeys>();
        On(auth, "GET", "/admin/keys", keys.ListAsync);
        On(auth, "POST", "/admin/keys", keys.CreateAsync);
        On(auth, "DELETE", "/admin/keys/{name}", keys.DeleteAsync);
    }

    // What GoTrue does not have: users' own keys, and administration.
    private void MapOurOwn(RouteGroupBuilder auth)
    {
        On(auth, "POST", "/admin/users/import", services.GetRequiredService<AdminImport>().HandleAsync);
        var ownKeys = services.GetRequiredService<KeyList>();
        On(auth, "GET", "/keys", ownKeys.GetAsync);
        On(auth, "POST", "/keys", ownKeys.PostAsync);
        On(auth, "DELETE", "/keys/{id}", ownKeys.DeleteAsync);
        var sessions = services.GetRequiredService<AdminSessions>();
        On(auth, "GET", "/admin/users/{id}/sessions", sessions.ListAsync);
        On(auth, "POST", "/admin/users/{id}/sessions", sessions.CreateAsync);
        On(auth, "DELETE", "/admin/users/{id}/sessions", sessions.DeleteAllAsync);
        On(auth, "DELETE", "/admin/users/{id}/sessions/{session}", sessions.DeleteOneAsync);
        var userKeys = services.GetRequiredService<AdminUserKeys>();
        On(auth, "GET", "/admin/users/{id}/export", services.GetRequiredService<AdminUserData>().ExportAsync);
        On(auth, "GET", "/admin/users/{id}/keys", userKeys.ListAsync);
        On(auth, "DELETE", "/admin/users/{id}/keys/{key}", userKeys.DeleteAsync);
        var keys = services.GetRequiredService<AdminKeys>();
        On(auth, "GET", "/admin/signing-keys", keys.ListSigningAsync);
        On(auth, "POST", "/admin/signing-keys/rotate", keys.RotateAsync);
    }

    private void MapExternal(RouteGroupBuilder auth)
    {
        var authorize = services.GetRequiredService<Authorize>();
        On(auth, "GET", "/authorize", authorize.GetAsync);
        On(auth, "GET", "/user/identities/authorize", authorize.LinkAsync);
        On(auth, "DELETE", "/user/identities/{id}", services.GetRequiredService<Unlink>().DeleteAsync);
        var callback = services.GetRequiredService<Callback>();
        On(auth, "GET", "/callback", callback.GetAsync);
        On(auth, "POST", "/callback", callback.PostAsync);
        var custom = services.GetRequiredService<AdminProviders>();
        On(auth, "GET", "/admin/custom-providers", custom.ListAsync);
        On(auth, "POST", "/admin/custom-providers", custom.CreateAsync);
        On(auth, "GET", "/admin/custom-providers/{identifier}", custom.GetAsync);
        On(auth, "PUT", "/admin/custom-providers/{identifier}", custom.UpdateAsync);
        On(auth, "DELETE", "/admin/custom-providers/{identifier}", custom.DeleteAsync);
    }

    private void MapFactors(RouteGroupBuilder auth)
    {
        var enrolment = services.GetRequiredService<Enrolment>();
        On(auth, "POST", "/factors", enrolment.EnrolAsync);
        On(auth, "DELETE", "/factors/{id}", enrolment.UnenrolAsync);
        var verification = services.GetRequiredService<Verification>();
        On(auth, "POST", "/factors/{id}/challenge", verification.ChallengeAsync);
        On(auth, "POST", "/factors/{id}/verify", verification.VerifyAsync);
        var codes = services.GetRequiredService<RecoveryCodes>();
        On(auth, "GET", "/factors/recovery-codes", codes.StatusAsync);
        On(auth, "POST", "/factors/recovery-codes", codes.GenerateAsync);
        On(auth, "DELETE", "/factors/recovery-codes", codes.UnenrolAsync);
        On(auth, "POST", "/factors/recovery-codes/verify", codes.VerifyAsync);
        On(auth, "POST", "/factors/recovery-codes/regenerate", codes.RegenerateAsync);
        var admin = services.GetRequiredService<AdminFactors>();
        On(auth, "GET", "/admin/users/{id}/factors", admin.ListAsync);
        On(auth, "PUT", "/admin/users/{id}/factors/{factor}", admin.UpdateAsync);
        On(auth, "DELETE", "/admin/users/{id}/factors/{factor}", admin.DeleteAsync);
    }

    private void MapPasskeys(RouteGroupBuilder auth)
    {
        var registration = services.GetRequiredService<PasskeyRegistration>();
        On(auth, "POST", "/passkeys/registration/options", registration.OptionsAsync);
        On(auth, "POST", "/passkeys/registration/verify", registration.VerifyAsync);
        var signIn = services.GetRequiredService<PasskeySignIn>();
        On(auth, "POST", "/passkeys/authentication/options", signIn.OptionsAsync);
        On(auth, "POST", "/passkeys/authentication/verify", signIn.VerifyAsync);
        var list = services.GetRequiredService<PasskeyList>();
        On(auth, "GET", "/passkeys", list.ListAsync);
        On(auth, "PATCH", "/passkeys/{id}", list.RenameAsync);
        On(auth, "DELETE", "/passkeys/{id}", list.DeleteAsync);
        On(auth, "GET", "/admin/users/{id}/passkeys", list.AdminListAsync);
        On(auth, "DELETE", "/admin/users/{id}/passkeys/{passkey}", list.AdminDeleteAsync);
    }

    private Task TokenAsync(HttpContext context)
    {
        string grant = context.Request.Query["grant_type"].ToString();
        return grant switch
        {
            "password" => services.GetRequiredService<PasswordGrant>().HandleAsync(context),
            "refresh_token" => services.GetRequiredService<RefreshGrant>().HandleAsync(context),
            "pkce" => services.GetRequiredService<PkceGrant>().HandleAsync(context),
            "id_token" => services.GetRequiredService<IdTokenGrant>().HandleAsync(context),
            "web3" => throw AuthErrors.NotBuilt($"grant_type={grant}").ToException(),
            _ => AuthResponse.WriteOAuthErrorAsync(context, "unsupported_grant_type", "The grant_type is not one this server knows"),
        };
    }

    private void On(RouteGroupBuilder group, string verb, string path, RequestDelegate handler) =>
        group.MapMethods(path, [verb], Edge(handler));

    /// <summary>Runs a call and says its refusal. What nobody foresaw is logged and told to the client as nothing but that.</summary>
    private RequestDelegate Edge(RequestDelegate handler) =>
        async context =>
        {
            CancellationToken gone = context.RequestAborted;
            using RequestDeadline deadline = RequestDeadline.Start(gone, options.RequestTimeout, clock);
            context.RequestAborted = deadline.Token;
            try
            {
                // No text of a database holds NUL; the server itself refuses it in paths and headers.
                await (context.Request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) == true ? throw AuthErrors.QueryNotReadable.ToException() : handler(context));
            }
            catch (AuthException e)
            {
                context.RequestAborted = gone;
                await AuthResponse.WriteErrorAsync(context, e.Error);
            }
            catch (Exception e) when (deadline.IsPast && !context.Response.HasStarted)
            {
                context.RequestAborted = gone;
                await WriteTimeoutAsync(context, e);
            }
            catch (OperationCanceledException) when (gone.IsCancellationRequested)
            {
                // Nobody is left to answer.
            }
            catch (BadHttpRequestException e)
            {
                AuthError error = e.StatusCode == StatusCodes.Status413PayloadTooLarge ? AuthErrors.BodyTooLarge : AuthErrors.BadJson;
                await AuthResponse.WriteErrorAsync(context, error);
            }
            catch (InvalidDataException) when (!context.Response.HasStarted)
            {
                // A form with too many members, too long ones, or broken between its parts.
                await AuthResponse.WriteErrorAsync(context, AuthErrors.FormNotReadable);
            }
            catch (Exception e) when (!context.Response.HasStarted)
            {
                AuthEvents.RequestFailed(logger, e, context.Request.Method, LoggedTarget.Of(context), context.TraceIdentifier);
                Error? failed = e is SourceException source ? source.ToError() : (e as TenonException)?.Error;
                bool busy = failed is { Code.Status: StatusCodes.Status503ServiceUnavailable or StatusCodes.Status504GatewayTimeout };
                await AuthResponse.WriteErrorAsync(context, busy ? AuthErrors.Unavailable(failed!.RetryAfter) : AuthErrors.UnexpectedFailure);
            }
            finally
            {
                // The deadline is another request's from here on.
                context.RequestAborted = gone;
            }
        };

    /// <summary>Whatever was given up first: the time is why. What is no giving up is logged, or a slow fault would be seen by nobody.</summary>
    private Task WriteTimeoutAsync(HttpContext context, Exception e)
    {
        if (e is not OperationCanceledException)
        {
            AuthEvents.RequestFailed(logger, e, context.Request.Method, LoggedTarget.Of(context), context.TraceIdentifier);
        }
        return AuthResponse.WriteErrorAsync(context, AuthErrors.RequestTimeout);
    }
}

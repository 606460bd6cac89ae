using Azure.Identity;
using ClipFunctions.Hosting;

namespace ClipFunctions.App.Tests.Hosting;

public sealed class TelemetryTests
{
    [Theory]
    [InlineData("Authorization=AAD")]
    [InlineData("Authorization=AAD;ClientId=00000000-0000-0000-0000-000000000001")]
    [InlineData(" authorization = aad ; ")]
    public void AnIdentityIsTakenWhereTheHostsOwnSettingAsksForOne(string authentication) =>
        Assert.IsType<DefaultAzureCredential>(Telemetry.Credential(authentication));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("ClientId=x")]
    [InlineData("Authorization=None")]
    public void OtherwiseTheConnectionStringIsEnough(string? authentication) => Assert.Null(Telemetry.Credential(authentication));
}

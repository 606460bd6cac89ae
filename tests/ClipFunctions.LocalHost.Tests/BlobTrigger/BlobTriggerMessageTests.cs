using ClipFunctions.LocalHost.BlobTrigger;

namespace ClipFunctions.LocalHost.Tests.BlobTrigger;

public sealed class BlobTriggerMessageTests
{
    [Fact]
    public void HasTheFormOfTheFunctionsHost()
    {
        BlobTriggerMessage message = new("Host.Functions.TagUploadOnScan", "BlockBlob", "uploads", "a/b.jpg", "\"0x8D\"");

        Assert.Equal(
            """{"Type":"BlobTrigger","FunctionId":"Host.Functions.TagUploadOnScan","BlobType":"BlockBlob","ContainerName":"uploads","BlobName":"a/b.jpg","ETag":"\u00220x8D\u0022"}""",
            message.ToJson().ToString());
        Assert.Equal(message, BlobTriggerMessage.Parse(message.ToJson()));
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"BlobName":"","ETag":"x"}""")]
    public void RefusesWhatIsNotATriggerMessage(string body) =>
        Assert.Throws<InvalidDataException>(() => BlobTriggerMessage.Parse(BinaryData.FromString(body)));
}

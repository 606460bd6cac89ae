using System.Text;
using ClipFunctions.Pipeline.Storage;
using CsCheck;

namespace ClipFunctions.Pipeline.Tests.Storage;

public sealed class QueueTextTests
{
    [Theory]
    [InlineData("""{"dataset":"pets"}""")]
    [InlineData("""  {"dataset":"pets"}""")]
    [InlineData("not Base64!")]
    [InlineData("")]
    [InlineData("abc")]
    public void WhatIsNotBase64StaysAsItIs(string text) => Assert.Equal(text, QueueText.Decode(new BinaryData(text)).ToString());

    [Theory]
    [InlineData("eyJhIjoxfQ==", """{"a":1}""")]
    [InlineData(" eyJhIjoxfQ==\n", """{"a":1}""")]
    public void Base64IsTakenAway(string text, string expected) => Assert.Equal(expected, QueueText.Decode(new BinaryData(text)).ToString());

    [Fact]
    public void AnyJsonObjectComesOutOfBothForms() => Gen.String.Sample(value =>
    {
        byte[] json = Encoding.UTF8.GetBytes("{" + value + "}");
        Assert.Equal(json, QueueText.Decode(new BinaryData(json)).ToArray());
        Assert.Equal(json, QueueText.Decode(new BinaryData(Convert.ToBase64String(json))).ToArray());
    });

    [Fact]
    public void NothingIsTooOddToBeDecoded() => Gen.Byte.Array.Sample(bytes => QueueText.Decode(new BinaryData(bytes)) is not null);
}

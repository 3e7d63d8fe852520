"""A server on the Python SDK, `mcp` 2: both eras, the first message decides. It behaves."""

import asyncio
from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.resolve import Elicit, Resolve
from mcp_types import BlobResourceContents, EmbeddedResource, ImageContent, ResourceLink, TextContent
from pydantic import BaseModel

server = MCPServer("python", version="2.3.0", instructions="Written in Python.")


class Sum(BaseModel):
    sum: float


class Name(BaseModel):
    name: str


@server.tool()
def echo(text: str) -> str:
    """Gives its text back."""
    return text


@server.tool()
def add(a: float, b: float) -> Sum:
    """The sum of two numbers."""
    return Sum(sum=a + b)


@server.tool()
def integer(digits: int) -> int:
    """Counts to a number with so many digits: Python's integers have no limit."""
    return 10**digits - 1


@server.tool()
async def slow(steps: int, ms: int, context: Context) -> str:
    """Takes steps, and reports each as progress to who asked for it."""
    for step in range(1, steps + 1):
        await asyncio.sleep(ms / 1000)
        await context.report_progress(step, steps, f"step {step}")
    return f"took {steps} steps"


@server.tool(structured_output=False)
def kinds() -> list:
    """Some kinds of content."""
    note = {"example.org/note": 9007199254740993}
    resource = BlobResourceContents(uri="file:///c.bin", blob="AAECAw==")
    return [
        TextContent(type="text", text="text", _meta=note),
        ImageContent(type="image", data="iVBORw0KGgo=", mime_type="image/png"),
        ResourceLink(type="resource_link", uri="file:///a.txt", name="a.txt"),
        EmbeddedResource(type="resource", resource=resource),
    ]


@server.tool()
def fail() -> str:
    """Fails, as tools do."""
    raise ValueError("the tool went wrong")


def extra() -> str:
    """Is there when `toggle` says so."""
    return "extra"


@server.tool()
async def toggle(context: Context) -> str:
    """Adds the tool `extra` to the list, or takes it away."""
    there = any(tool.name == "extra" for tool in await server.list_tools())
    if there:
        server.remove_tool("extra")
    else:
        server.add_tool(extra)
    await context.notify_tools_changed()
    await context.session.send_tool_list_changed()
    return "removed" if there else "added"


def ask_name() -> Elicit[Name]:
    return Elicit("What is your name?", Name)


@server.tool()
def ask(greeting: str, name: Annotated[Name, Resolve(ask_name)]) -> str:
    """Asks for a name: one round."""
    return f"{greeting}, {name.name}"


server.run("stdio")

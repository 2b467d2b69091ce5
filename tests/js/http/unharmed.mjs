// After all that the other suites did.

export function unharmed({ test }, server) {
  test("no server error, no trap, no unhandled rejection", async (assert) => {
    assert.deepEqual(server.broken, []);
    const { status, text } = await server.send({ path: "/_test/harm" });
    assert.deepEqual([status, text], [200, '{"traps":0,"unhandled":0}']);
    await server.issue(assert);
  });
}

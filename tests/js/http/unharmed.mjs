// After all that the other suites did.

export function unharmed({ test }, server) {
  test("no server error, no trap", async (assert) => {
    assert.deepEqual(server.broken, []);
    const { status, text } = await server.send({ path: "/_test/traps" });
    assert.deepEqual([status, text], [200, '{"traps":0}']);
    await server.issue(assert);
  });
}

/** What the runners use of QUnit 3. */
declare module "qunit" {
  const QUnit: import("../runtime.ts").QUnit & {
    readonly config: {
      autostart: boolean;
      testTimeout: number;
    };
    on(event: "testEnd", listener: (end: import("./report.ts").TestEnd) => void): void;
    on(event: "runEnd", listener: () => void): void;
    start(): void;
  };
  export default QUnit;
}

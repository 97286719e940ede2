package org.lethe.laws;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Env;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.Tool;
import org.lethe.laws.Bent.Added;
import org.lethe.laws.Bent.Adding;
import org.lethe.laws.Bent.Slant;
import org.lethe.laws.Bent.Twist;

/** Every law can be broken: an entry that does what the law forbids fails it, and for that reason. */
class SabotageTest {
    private static final Request ADD = new Bent.Add();

    private static SubjectLaws<float[], float[]> entries(Bent subject) {
        return new SubjectLaws<>() {
            @Override
            protected Subject<float[], float[]> subject() {
                return subject;
            }

            @Override
            protected float[] data() {
                return new float[] {1, 2};
            }
        };
    }

    /** A method that is as it should be, and one that another process notices. */
    static final class Methods extends MethodLaws<float[], float[]> {
        @Override
        protected Subject<float[], float[]> subject() {
            return new Bent();
        }

        @Override
        protected float[] data() {
            return new float[] {1, 2};
        }

        @Override
        protected List<Method<float[], float[]>> methods() {
            return List.of(new Adding(Twist.NONE), new Adding(Twist.KNOWS_ITS_PROCESS));
        }
    }

    private static MethodLaws.Pair<float[], float[]> pair(Twist twist) {
        return new MethodLaws.Pair<>(new Adding(twist), ADD, new Bent.First());
    }

    private static final class Audits extends AuditLaws<float[], float[]> {
        private final Bent subject;

        Audits(Bent subject) {
            this.subject = subject;
        }

        @Override
        protected Subject<float[], float[]> subject() {
            return subject;
        }

        @Override
        protected float[] data() {
            return new float[] {1, 2};
        }
    }

    private static void assertFails(String why, Executable law) {
        AssertionError error = assertThrows(AssertionError.class, law);
        assertTrue(String.valueOf(error.getMessage()).contains(why), error.getMessage());
    }

    @Named("bare")
    record Bare() implements Request {}

    /** Has a setting that nobody explains. */
    @Named("terse")
    record Terse(int size) implements Request {}

    /** Is no record. */
    @Named("loose")
    static final class Loose implements Request {}

    /** Grows whenever it is read. */
    @Named("growing")
    record Growing(int size) implements Request {
        Growing {
            size++;
        }
    }

    /**
     * Has all it needs.
     *
     * @param size of it
     */
    @Named("fine")
    record Fine(int size) implements Request {
        Fine() {
            this(1);
        }
    }

    /** Is called what another was called. */
    @Named(value = "new", formerly = "fine")
    record Renamed() implements Request {}

    /** Does nothing outside studies. */
    @Named("bent job")
    record Job() implements Tool<Job.Done> {
        record Done() implements Tool.Result {
            @Override
            public void print(PrintWriter out) {}
        }

        @Override
        public Done run(Env env) {
            return new Done();
        }
    }

    @Test
    void entriesThatAreNotExplained() {
        SubjectLaws<float[], float[]> laws = entries(new Bent());
        laws.isExplained(new Fine());
        assertFails("expected a sentence", () -> laws.isExplained(new Bare()));
        assertFails("no @param text for size", () -> laws.isExplained(new Terse(1)));
        assertFails("is no record", () -> laws.isExplained(new Loose()));
    }

    @Test
    void entriesThatReadBackAsOthers() {
        SubjectLaws<float[], float[]> laws = entries(new Bent());
        laws.readsBack(new Fine());
        assertFails("read back as another entry", () -> laws.readsBack(new Growing(1)));
    }

    @Test
    void namesThatAreUsedTwice() {
        SubjectLaws<float[], float[]> laws = entries(new Bent());
        laws.namesDiffer(List.of(new Fine(), new Bare()));
        assertFails("called fine", () -> laws.namesDiffer(List.of(new Fine(), new Renamed())));
    }

    @Test
    void toolsThatNoResourceLists() {
        entries(new Bent()).listsItsTools();
        assertFails(
                "META-INF/lethe/tools",
                () -> entries(new Bent() {
                            @Override
                            public List<Tool<?>> tools() {
                                return List.of(new Job());
                            }
                        })
                        .listsItsTools());
    }

    @Test
    void modelsThatAreReadBackAsOthers() throws IOException {
        entries(new Bent()).isKept(new Bent.First());
        assertFails(
                "it is another model",
                () -> entries(new Bent() {
                            @Override
                            public float[] load(Path file) {
                                return new float[1];
                            }
                        })
                        .isKept(new Bent.First()));
    }

    @Test
    void methodsThatChangeTheModelBefore() throws IOException {
        Methods laws = new Methods();
        laws.leavesTheModelBefore(pair(Twist.NONE));
        assertFails("was changed", () -> laws.leavesTheModelBefore(pair(Twist.CHANGES_ITS_INPUT)));
    }

    @Test
    void methodsWhoseNumbersAreNotFinite() throws IOException {
        Methods laws = new Methods();
        laws.isKept(pair(Twist.NONE));
        assertFails("not finite", () -> laws.isKept(pair(Twist.OVERFLOWS)));
    }

    @Test
    void methodsThatDependOnThreads() throws IOException {
        Methods laws = new Methods();
        laws.hasTheSameBitsOnThreeThreads(pair(Twist.NONE));
        assertFails("three threads", () -> laws.hasTheSameBitsOnThreeThreads(pair(Twist.COUNTS_THREADS)));
    }

    @Test
    void methodsThatDependOnTheProcess(@TempDir Path folder) throws IOException, InterruptedException {
        List<String> here = new Methods().digests();
        List<String> there = Elsewhere.digests(Methods.class, folder);
        assertEquals(here.getFirst(), there.getFirst());
        assertNotEquals(here.getLast(), there.getLast());
        assertThrows(AssertionError.class, () -> new Methods().hasTheSameBitsElsewhere(folder));
    }

    @Test
    void methodsThatChangeSomethingForNothing() {
        assertFails("nothing was asked for", () -> new Methods().changesNothing(pair(Twist.NONE)));
    }

    @Test
    void methodsThatDoNotSayWhyTheyAreUnsuited() {
        Methods laws = new Methods();
        laws.saysWhy(new Adding(Twist.NONE));
        assertFails("begins with the name", () -> laws.saysWhy(new Adding(Twist.REFUSES)));
    }

    @Test
    void auditsThatDoNotTellTheControlsApart() {
        Audits laws = new Audits(new Bent());
        laws.tellsTheControlsApart(new Added(Slant.NONE), ADD);
        assertFails("BLIND", () -> laws.tellsTheControlsApart(new Added(Slant.ACCEPTS_ALL), ADD));
        assertFails("BROKEN", () -> laws.tellsTheControlsApart(new Added(Slant.REJECTS_ALL), ADD));
        assertFails("UNDECIDED", () -> laws.tellsTheControlsApart(new Added(Slant.DECIDES_NOTHING), ADD));
        assertFails("{}", () -> laws.tellsTheControlsApart(new Added(Slant.JUDGES_NOTHING), ADD));
    }

    @Test
    void auditsThatAcceptAMethodTheirSubjectRejects() {
        assertFails(
                "BLIND",
                () -> new Audits(new Bent() {
                            @Override
                            public List<Method<float[], float[]>> rejected(Request request) {
                                return List.of(new Adding(Twist.NONE));
                            }
                        })
                        .tellsTheControlsApart(new Added(Slant.NONE), ADD));
    }

    @Test
    void auditsThatFindOtherNumbersTheSecondTimeOrNone() {
        Audits laws = new Audits(new Bent());
        laws.findsTheSameTwice(new Added(Slant.NONE), ADD);
        assertFails("the second time", () -> laws.findsTheSameTwice(new Added(Slant.CHANGES_ITS_MIND), ADD));
        assertFails("not finite", () -> laws.findsTheSameTwice(new Added(Slant.FINDS_NO_NUMBER), ADD));
    }

    @Test
    void auditsThatClaimToProveEverything() {
        Audits laws = new Audits(new Bent());
        laws.saysItsLimits(new Added(Slant.NONE));
        assertFails("expected a sentence", () -> laws.saysItsLimits(new Added(Slant.PROVES_EVERYTHING)));
    }
}

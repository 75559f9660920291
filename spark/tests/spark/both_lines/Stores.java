package tests;

import io.delta.storage.HDFSLogStore;
import io.delta.storage.LogStore;
import io.delta.storage.S3SingleDriverLogStore;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import org.apache.hadoop.conf.Configuration;

/** Stores that something happens to between the draft and the name of the version, and a race of two. */
public class Stores {
    private final Configuration conf;

    public Stores(Configuration conf) { this.conf = conf; }

    public LogStore ours() { return new headgate.LinkLogStore(conf); }
    public LogStore deltas() { return new HDFSLogStore(conf); }
    public LogStore conditional() { return new headgate.ConditionalLogStore(conf); }
    public LogStore deltasOnS3() { return new S3SingleDriverLogStore(conf); }
    public LogStore overtaken() { return new Overtaken(conf); }
    public LogStore withoutLinks() { return new WithoutLinks(conf); }
    public LogStore overtakenWithoutLinks() { return new OvertakenWithoutLinks(conf); }
    public LogStore lostAnswer() { return new LostAnswer(conf); }
    public LogStore dying() { return new Dying(conf); }

    /** A line during which another driver writes the version: after the look, before the put. */
    public Iterator overtaken(String line, String path, String theirs) {
        return new Overtaking(line, new org.apache.hadoop.fs.Path(path), theirs);
    }

    /** Lines of which the second cannot be had. */
    public Iterator failing() { return new Overtaking("ours", null, null); }

    class Overtaking implements Iterator {
        final String line;
        final org.apache.hadoop.fs.Path path;
        final String theirs;
        boolean given = false;

        Overtaking(String line, org.apache.hadoop.fs.Path path, String theirs) {
            this.line = line;
            this.path = path;
            this.theirs = theirs;
        }

        public boolean hasNext() { return path == null || !given; }

        public Object next() {
            if (given) throw new IllegalStateException("no more lines");
            given = true;
            try {
                if (path != null) {
                    OutputStream out = path.getFileSystem(conf).create(path, true);
                    out.write(theirs.getBytes());
                    out.close();
                }
            } catch (IOException failed) {
                throw new IllegalStateException(failed);
            }
            return line;
        }
    }

    static void theyWrite(Path target) throws IOException {
        Files.write(target, "theirs\n".getBytes(), new OpenOption[0]);
    }

    static class Overtaken extends headgate.LinkLogStore {
        Overtaken(Configuration conf) { super(conf); }
        protected void link(Path target, Path draft) throws IOException {
            theyWrite(target);
            super.link(target, draft);
        }
    }
    static class WithoutLinks extends headgate.LinkLogStore {
        WithoutLinks(Configuration conf) { super(conf); }
        protected void link(Path target, Path draft) throws IOException {
            throw new UnsupportedOperationException("no links");
        }
    }
    static class OvertakenWithoutLinks extends WithoutLinks {
        OvertakenWithoutLinks(Configuration conf) { super(conf); }
        protected void link(Path target, Path draft) throws IOException {
            theyWrite(target);
            super.link(target, draft);
        }
    }
    static class LostAnswer extends headgate.LinkLogStore {
        LostAnswer(Configuration conf) { super(conf); }
        protected void link(Path target, Path draft) throws IOException {
            super.link(target, draft);
            throw new FileAlreadyExistsException(target.toString());
        }
    }
    static class Dying extends headgate.LinkLogStore {
        Dying(Configuration conf) { super(conf); }
        protected void link(Path target, Path draft) throws IOException {
            throw new IllegalStateException("before it has a name");
        }
    }

    static class Racer extends Thread {
        final LogStore store;
        final String name;
        final String folder;
        final int versions;
        final Configuration conf;
        final CyclicBarrier barrier;
        final List won = new ArrayList();
        Throwable failure = null;

        Racer(LogStore store, String name, String folder, int versions, Configuration conf, CyclicBarrier barrier) {
            this.store = store;
            this.name = name;
            this.folder = folder;
            this.versions = versions;
            this.conf = conf;
            this.barrier = barrier;
        }

        public void run() {
            try {
                for (int version = 0; version < versions; version++) {
                    barrier.await();
                    String file = folder + "/" + String.format("%020d.json", new Object[] {Integer.valueOf(version)});
                    try {
                        store.write(new org.apache.hadoop.fs.Path(file), Collections.singletonList(name).iterator(),
                            Boolean.FALSE, conf);
                        won.add(Integer.valueOf(version));
                    } catch (FileAlreadyExistsException lost) {
                        // The other one has it.
                    }
                }
            } catch (Throwable error) {
                failure = error;
                barrier.reset();
            }
        }
    }

    /** The versions that each has won. */
    public List race(LogStore one, LogStore two, String folder, int versions) throws Exception {
        CyclicBarrier barrier = new CyclicBarrier(2);
        Racer[] racers = new Racer[] {
            new Racer(one, "0", folder, versions, conf, barrier), new Racer(two, "1", folder, versions, conf, barrier)
        };
        for (int i = 0; i < 2; i++) racers[i].start();
        List won = new ArrayList();
        Throwable failure = null;
        for (int i = 0; i < 2; i++) {
            racers[i].join();
            won.add(racers[i].won);
            // A broken barrier only says that the other one has failed.
            if (racers[i].failure != null && (failure == null || failure instanceof BrokenBarrierException)) {
                failure = racers[i].failure;
            }
        }
        if (failure != null) throw new IllegalStateException(failure);
        return won;
    }
}

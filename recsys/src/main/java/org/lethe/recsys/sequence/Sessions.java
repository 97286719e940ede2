package org.lethe.recsys.sequence;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.lethe.Audit;
import org.lethe.DataSource;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.recsys.neural.Fmc;
import org.lethe.recsys.neural.Gru4Rec;
import org.lethe.recsys.neural.Narm;
import org.lethe.recsys.neural.SasRec;
import org.lethe.recsys.neural.forget.Ceu;
import org.lethe.recsys.neural.forget.Fanchuan;
import org.lethe.recsys.neural.forget.Finetune;
import org.lethe.recsys.neural.forget.Gif;
import org.lethe.recsys.neural.forget.Idea;
import org.lethe.recsys.neural.forget.Kookmin;
import org.lethe.recsys.neural.forget.RowRefit;
import org.lethe.recsys.neural.forget.Scif;
import org.lethe.recsys.neural.forget.Seif;
import org.lethe.recsys.neural.forget.Sru;
import org.lethe.recsys.stream.Decrement;
import org.lethe.recsys.stream.Drift;
import org.lethe.recsys.stream.ErasedHits;
import org.lethe.recsys.stream.ErasureStream;
import org.lethe.recsys.stream.Filter;
import org.lethe.recsys.stream.Latency;
import org.lethe.recsys.stream.Retrain;
import org.lethe.recsys.stream.SequenceUtility;
import org.lethe.recsys.stream.StoredSequenceModels;
import org.lethe.recsys.stream.StreamMembership;

/** The subject of session-based recommendation: what will somebody click next? */
public final class Sessions implements Subject<Events, NextItems> {
    @Override
    public String name() {
        return "sessions";
    }

    @Override
    public List<DataSource<Events>> data() {
        return List.of(
                new PlantedSessions(),
                new SerenadeToy(),
                new TmallCoder(),
                new Bandwagon(),
                new MostFrequent(),
                new SessionFile());
    }

    @Override
    public List<Learner<Events, NextItems>> models() {
        return List.of(new VmisKnn(), new Fmc(), new Gru4Rec(), new SasRec(), new Narm());
    }

    @Override
    public List<Request> requests() {
        return List.of(new ErasureStream());
    }

    @Override
    public List<Method<Events, NextItems>> methods() {
        return List.of(
                new Retrain(),
                new Decrement(),
                new Sru(),
                new RowRefit(),
                new Scif(),
                new Kookmin(),
                new Fanchuan(),
                new Seif(),
                new Gif(),
                new Ceu(),
                new Idea(),
                new Finetune(),
                new Filter());
    }

    @Override
    public List<Audit<Events, NextItems>> audits() {
        return List.of(new SequenceUtility(), new Drift(), new StreamMembership(), new ErasedHits(), new Latency<>());
    }

    @Override
    public Method<Events, NextItems> reference(Request request) {
        return new Retrain();
    }

    @Override
    public Events remaining(Request request, Events data) {
        return request instanceof ErasureStream stream ? stream.on(data).after(stream.requests(), data) : data;
    }

    @Override
    public void save(NextItems model, Map<String, String> provenance, Path file) throws IOException {
        StoredSequenceModels.save(model, provenance, file);
    }

    @Override
    public NextItems load(Path file) throws IOException {
        return StoredSequenceModels.load(file);
    }
}
